"""The one variant of this process, and how many requests have reached it."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import Any

from overlap.bench.site.asgi_paths import SERVED
from overlap.bench.site.wiring import Application, make


class Counted:
    """Counts requests on their way in.

    The client can't: of those it broke off it knows not whether they were begun. Not a
    coroutine function, so that a request passes no frame more than without it.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.count = 0

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] == "http":
            if scope["path"] == SERVED:
                return self._tell(send)
            self.count += 1
        return self._application(scope, receive, send)

    async def _tell(self, send: Any) -> None:
        body = b"%d" % self.count
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


application = Counted(make(os.environ["BENCH_VARIANT"]))
