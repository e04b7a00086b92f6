"""ASGI's lifespan for Django, which has none: the one moment to wait for background work.

Django refuses the lifespan scope, and servers go on without. Answered here, the server
sends `lifespan.shutdown` once its requests are done and waits for the answer; after that
it ends the process, after SIGTERM by the very signal, so that nothing registered with
atexit runs any more.
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
    """Let Django's ASGI handler speak lifespan; gives back a function that undoes it."""
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
            finally:  # a server that is not answered waits for ever
                await send({"type": "lifespan.shutdown.complete"})
            return
