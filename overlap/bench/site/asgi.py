"""The application of this process's variant, with a count of its requests."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import Any

from overlap.bench.site.asgi_paths import SERVED
from overlap.bench.site.wiring import Application, make


class Counted:
    """Count the requests that the application receives.

    The client can't count them: it does not know whether one that it disconnected was started.
    This is not a coroutine function, so that a request needs no additional frame.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.count = 0

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] == "http":
            if scope["path"] == SERVED:
                return self._send_count(send)
            self.count += 1
        return self._application(scope, receive, send)

    async def _send_count(self, send: Any) -> None:
        body = b"%d" % self.count
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


application = Counted(make(os.environ["BENCH_VARIANT"]))
