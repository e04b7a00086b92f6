"""A backend that answers as each kind does, keeps nothing, and counts server spans.

Run as a process of its own: `python -m overlap.bench.sink` prints its address. What comes
in is put aside and taken apart when somebody asks, so that the counting does not take the
processor from the server that is measured.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

Headers = Mapping[bytes, bytes]
Application = Callable[[Any, Any, Any], Awaitable[None]]
Answer = tuple[int, bytes, bytes]
"""Status, content type, body."""

COUNTS = "/-/counts"
RESET = "/-/reset"
TRACES = "/-/traces"
PUT_ASIDE_BYTES = 256 * 1024 * 1024
"""More than this is taken apart at once, in the load's time: memory is bounded."""

_JSON, _TEXT, _PROTOBUF = b"application/json", b"text/plain", b"application/x-protobuf"
_GZIP_OR_ZLIB = 47  # zlib's window bits: either header, whichever is there


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
            return 200, _JSON, json.dumps(self.counts).encode()
        if path == TRACES:
            self._take_apart()
            # Messages of protobuf one after the other are one message, of all their spans.
            return 200, _PROTOBUF, b"".join(self._kept)
        if path == RESET:
            self.reset()
            return 204, _TEXT, b""
        for (start, end), answer in _ANSWERS.items():
            if path.startswith(start) and path.endswith(end):
                if backend_of(path) is not None:
                    self._put_aside(path, headers, body)
                return answer
        return 404, _TEXT, b"no such path\n"

    def _put_aside(self, path: str, headers: Headers, body: bytes) -> None:
        self._aside.append((path, headers, body))
        self._aside_bytes += len(body)
        if self._aside_bytes > PUT_ASIDE_BYTES:
            self._take_apart()

    def _take_apart(self) -> None:
        aside, self._aside, self._aside_bytes = self._aside, [], 0
        for path, headers, body in aside:
            backend = backend_of(path)
            plain = _inflated(headers, body)
            if backend == "otlp":
                self._otlp.update(otlp_server_spans(plain))
                if self._keep:
                    self._kept.append(plain)
            elif backend == "datadog":
                self._counted[backend] += datadog_traces(headers)
            elif backend is not None:
                self._counted[backend] += _COUNT[backend](plain)


def backend_of(path: str) -> str | None:
    """Whose traces come at `path`; None where none do."""
    if path == "/v1/traces":
        return "otlp"
    if path.startswith("/api/") and path.endswith("/envelope/"):
        return "sentry"
    if path == "/intake/v2/events":
        return "elastic"
    return "datadog" if path in _DATADOG_PATHS else None


def otlp_server_spans(body: bytes) -> Iterator[bytes]:
    """The ids of the server spans in an ExportTraceServiceRequest."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    for block in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in block.scope_spans:
            for span in scope.spans:
                # Logfire also sends a span when it begins, as one of another kind of its own.
                pending = any(
                    pair.key == "logfire.span_type" and pair.value.string_value == "pending_span"
                    for pair in span.attributes
                )
                if span.kind == Span.SPAN_KIND_SERVER and not pending:
                    yield span.span_id


def sentry_transactions(body: bytes) -> int:
    """How many transactions an envelope holds: headers and items, each item a header and bytes."""
    count, place = 0, body.find(b"\n") + 1
    while 0 < place < len(body):
        end = body.find(b"\n", place)
        end = len(body) if end < 0 else end
        header = json.loads(body[place:end] or b"{}")
        count += header.get("type") == "transaction"
        length = header.get("length")
        after = body.find(b"\n", end + 1) if length is None else end + 1 + length
        if after < 0:
            break
        place = after + 1
    return count


def elastic_transactions(body: bytes) -> int:
    """How many transactions an intake body holds: one JSON object a line."""
    return sum(line.startswith(b'{"transaction"') for line in body.splitlines())


def datadog_traces(headers: Headers) -> int:
    """How many traces a payload holds: its tracer says so beside it."""
    return int(headers.get(b"x-datadog-trace-count", b"0"))


_COUNT: dict[str, Callable[[bytes], int]] = {
    "sentry": sentry_transactions,
    "elastic": elastic_transactions,
}
_DATADOG_PATHS = ("/v0.4/traces", "/v0.5/traces")
_DATADOG_INFO = {"version": "7.60.0", "endpoints": _DATADOG_PATHS, "client_drop_p0s": False}
_SAMPLE_ALL = b'{"rate_by_service": {}}'
_ANSWERS: dict[tuple[str, str], Answer] = {
    ("/v1/traces", ""): (200, _PROTOBUF, b""),
    ("/v1/metrics", ""): (200, _PROTOBUF, b""),
    ("/v1/logs", ""): (200, _PROTOBUF, b""),
    # Logfire asks whose token it has.
    ("/v1/info", ""): (
        200,
        _JSON,
        b'{"project_name": "bench", "project_url": "http://127.0.0.1/bench"}',
    ),
    ("/api/", "/envelope/"): (200, _JSON, b'{"id": "00000000000000000000000000000000"}'),
    ("/intake/v2/events", ""): (202, _JSON, b""),
    ("/config/v1/agents", ""): (200, _JSON, b"{}"),
    ("/info", ""): (200, _JSON, json.dumps(_DATADOG_INFO).encode()),
    **{(path, ""): (200, _JSON, _SAMPLE_ALL) for path in _DATADOG_PATHS},
    ("/telemetry/", ""): (202, _JSON, b"{}"),
    ("/v0.6/stats", ""): (200, _JSON, b"{}"),
    # Elastic's agent asks the server for its version; last, as every path ends like it.
    ("/", "/"): (200, _JSON, b'{"version": "9.2.0", "publish_ready": true}'),
}


def _inflated(headers: Headers, body: bytes) -> bytes:
    encoding = headers.get(b"content-encoding", b"")
    if encoding in (b"gzip", b"deflate"):
        return zlib.decompress(body, _GZIP_OR_ZLIB)
    return body


def _pocket() -> Application:
    """The pocket backend's own receiver and store.

    In this process, as no door of it tells how many spans have come since the start: what
    it keeps is bounded.
    """
    from starlette.applications import Starlette

    from overlap.pocket.receiver import routes
    from overlap.pocket.store import Store
    from overlap.pocket.telemetry import Telemetry

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
