"""The last guard: a request that fails inside pocket costs one line, not a traceback.

The line names the error and the place in the code, and nothing that the request contained.
"""

from __future__ import annotations

import sys

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overlap.errors import where
from overlap.pocket.storage.store import Counts


class LastGuard:
    """ASGI middleware: answers 500 to what raised an exception, counts it, and serves on."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self.app, self.counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        place = ""
        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            place = where(error)
        if place:  # the error is freed by now, and with it what filled the memory
            self.counts.failed_requests += 1
            print(f"overlap pocket: a request failed: {place}", file=sys.stderr, flush=True)
            if not started:
                answer = PlainTextResponse("the request failed; pocket's log says where\n", 500)
                await answer(scope, receive, send)
