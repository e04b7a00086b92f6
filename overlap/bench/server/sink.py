"""A backend that answers as each kind does, keeps nothing, and counts server spans.

Run as a process of its own: `python -m overlap.bench.server.sink` prints its address. What comes
in is put aside and taken apart when somebody asks, so that the counting does not take the
processor from the server that is measured.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from overlap.bench.server.protocols import (
    ANSWERS,
    COUNT,
    JSON,
    PROTOBUF,
    TEXT,
    Answer,
    Headers,
    backend_of,
    datadog_traces,
    inflated,
    otlp_server_spans,
)

Application = Callable[[Any, Any, Any], Awaitable[None]]

COUNTS = "/-/counts"
RESET = "/-/reset"
TRACES = "/-/traces"
PUT_ASIDE_BYTES = 256 * 1024 * 1024
"""More than this is taken apart at once, in the load's time: memory is bounded."""


class Sink:
    """The ASGI application. `counts` is the number of server spans by kind of backend."""

    def __init__(self, *, keep: bool = False, pocket: Application | None = None) -> None:
        self._keep = keep
        self._pocket = pocket
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._aside: list[tuple[str, Headers, bytes]] = []
        self._aside_bytes = 0
        self._kept: list[bytes] = []
        self._otlp: set[bytes] = set()
        self._counted = {"sentry": 0, "elastic": 0, "datadog": 0}

    @property
    def counts(self) -> dict[str, int]:
        """Server spans so far; of OTLP each once, however often it was sent."""
        self._take_apart()
        return {"otlp": len(self._otlp), **self._counted}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if self._pocket is not None and backend_of(scope["path"]) == "otlp":
            await self._through_pocket(scope, body, send)
            return
        status, kind, answer = self._answer(scope["path"], dict(scope["headers"]), body)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _through_pocket(self, scope: Any, body: bytes, send: Any) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noting(message: Any) -> None:
            if message.get("status") == 200:
                self._put_aside(scope["path"], dict(scope["headers"]), body)
            await send(message)

        await self._pocket(scope, receive, noting)  # type: ignore[misc]  # asked above

    def _answer(self, path: str, headers: Headers, body: bytes) -> Answer:
        if path == COUNTS:
            return 200, JSON, json.dumps(self.counts).encode()
        if path == TRACES:
            self._take_apart()
            # Messages of protobuf one after the other are one message, of all their spans.
            return 200, PROTOBUF, b"".join(self._kept)
        if path == RESET:
            self.reset()
            return 204, TEXT, b""
        for (start, end), answer in ANSWERS.items():
            if path.startswith(start) and path.endswith(end):
                if backend_of(path) is not None:
                    self._put_aside(path, headers, body)
                return answer
        return 404, TEXT, b"no such path\n"

    def _put_aside(self, path: str, headers: Headers, body: bytes) -> None:
        self._aside.append((path, headers, body))
        self._aside_bytes += len(body)
        if self._aside_bytes > PUT_ASIDE_BYTES:
            self._take_apart()

    def _take_apart(self) -> None:
        aside, self._aside, self._aside_bytes = self._aside, [], 0
        for path, headers, body in aside:
            backend = backend_of(path)
            plain = inflated(headers, body)
            if backend == "otlp":
                self._otlp.update(otlp_server_spans(plain))
                if self._keep:
                    self._kept.append(plain)
            elif backend == "datadog":
                self._counted[backend] += datadog_traces(headers)
            elif backend is not None:
                self._counted[backend] += COUNT[backend](plain)


def _pocket() -> Application:
    """The pocket backend's own receiver and store.

    In this process, as no door of it tells how many spans have come since the start: what
    it keeps is bounded.
    """
    from starlette.applications import Starlette

    from overlap.pocket.ingest.receiver import routes
    from overlap.pocket.storage.logs_and_metrics import Telemetry
    from overlap.pocket.storage.store import Store

    return Starlette(routes=routes(Store(), Telemetry()))


def main() -> None:
    """Listen on a free port, print the address, serve until a signal."""
    import socket
    import sys

    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    sink = Sink(
        keep="--keep" in sys.argv[1:], pocket=_pocket() if "--pocket" in sys.argv[1:] else None
    )
    config = uvicorn.Config(sink, access_log=False, log_level="error", lifespan="off")
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
