"""A backend that answers in each vendor's protocol, counts server spans and stores nothing.

It runs in its own process: `python -m overlap.bench.server.sink` prints its address. Bodies are
queued and parsed when the counts are read, so that parsing does not compete for the processor
with the measured server.
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
MAX_QUEUED_BYTES = 256 * 1024 * 1024
"""With more than this queued, bodies are parsed at once, even under load: memory is bounded."""


class Sink:
    """The ASGI application. `counts` is the number of server spans by kind of backend."""

    def __init__(self, *, keep: bool = False, pocket: Application | None = None) -> None:
        self._keep = keep
        self._pocket = pocket
        self.reset()

    def reset(self) -> None:
        """Discard all counts and bodies."""
        self._queue: list[tuple[str, Headers, bytes]] = []
        self._queued_bytes = 0
        self._bodies: list[bytes] = []
        self._otlp: set[bytes] = set()
        self._counted = {"sentry": 0, "elastic": 0, "datadog": 0}

    @property
    def counts(self) -> dict[str, int]:
        """The number of server spans; an OTLP span that was sent twice counts once."""
        self._parse_queue()
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
            await self._send_to_pocket(scope, body, send)
            return
        status, kind, answer = self._answer(scope["path"], dict(scope["headers"]), body)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _send_to_pocket(self, scope: Any, body: bytes, send: Any) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noting_send(message: Any) -> None:
            if message.get("status") == 200:
                self._queue_body(scope["path"], dict(scope["headers"]), body)
            await send(message)

        await self._pocket(scope, receive, noting_send)  # type: ignore[misc]  # checked by the caller

    def _answer(self, path: str, headers: Headers, body: bytes) -> Answer:
        if path == COUNTS:
            return 200, JSON, json.dumps(self.counts).encode()
        if path == TRACES:
            self._parse_queue()
            # Concatenated protobuf messages are one message with all their spans.
            return 200, PROTOBUF, b"".join(self._bodies)
        if path == RESET:
            self.reset()
            return 204, TEXT, b""
        for (start, end), answer in ANSWERS.items():
            if path.startswith(start) and path.endswith(end):
                if backend_of(path) is not None:
                    self._queue_body(path, headers, body)
                return answer
        return 404, TEXT, b"no such path\n"

    def _queue_body(self, path: str, headers: Headers, body: bytes) -> None:
        self._queue.append((path, headers, body))
        self._queued_bytes += len(body)
        if self._queued_bytes > MAX_QUEUED_BYTES:
            self._parse_queue()

    def _parse_queue(self) -> None:
        queued, self._queue, self._queued_bytes = self._queue, [], 0
        for path, headers, body in queued:
            backend = backend_of(path)
            plain = inflated(headers, body)
            if backend == "otlp":
                self._otlp.update(otlp_server_spans(plain))
                if self._keep:
                    self._bodies.append(plain)
            elif backend == "datadog":
                self._counted[backend] += datadog_traces(headers)
            elif backend is not None:
                self._counted[backend] += COUNT[backend](plain)


def _pocket() -> Application:
    """Return the pocket backend's receiver and store as an application.

    It runs in this process because none of its routes reports how many spans it has received
    since the start: its store is bounded.
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
