"""The ASGI lifespan protocol for Django, which does not support it: used to drain background work.

Django refuses the lifespan scope, and servers go on without it. Answered here, the server sends
`lifespan.shutdown` when its requests are done, and waits for the answer. After that uvicorn ends
the process by raising SIGTERM again, so that atexit does not run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.core.handlers.asgi import ASGIHandler

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def answer_lifespan(
    on_startup: Callable[[], None], on_shutdown: Callable[[], Awaitable[None]]
) -> Callable[[], None]:
    """Make Django's ASGI handler support lifespan; return a function that undoes it."""
    original = ASGIHandler.__call__

    @wraps(original)
    async def __call__(
        self: ASGIHandler, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "lifespan":
            await _serve(receive, send, on_startup, on_shutdown)
        else:
            await original(self, scope, receive, send)

    ASGIHandler.__call__ = __call__

    def undo() -> None:
        ASGIHandler.__call__ = original

    return undo


async def _serve(
    receive: Receive,
    send: Send,
    on_startup: Callable[[], None],
    on_shutdown: Callable[[], Awaitable[None]],
) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            on_startup()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            try:
                await on_shutdown()
            finally:  # a server without an answer waits for ever
                await send({"type": "lifespan.shutdown.complete"})
            return
