"""The protocol of each backend: its answers, and how to count its server spans."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping

Headers = Mapping[bytes, bytes]
Answer = tuple[int, bytes, bytes]
"""Status, content type, body."""

JSON, TEXT, PROTOBUF = b"application/json", b"text/plain", b"application/x-protobuf"
_GZIP_OR_ZLIB = 47  # zlib's window bits: either header, whichever is there


def backend_of(path: str) -> str | None:
    """Return the backend that receives traces at `path`, or None."""
    if path == "/v1/traces":
        return "otlp"
    if path.startswith("/api/") and path.endswith("/envelope/"):
        return "sentry"
    if path == "/intake/v2/events":
        return "elastic"
    return "datadog" if path in _DATADOG_PATHS else None


def otlp_server_spans(body: bytes) -> Iterator[bytes]:
    """Yield the ids of the server spans in an ExportTraceServiceRequest."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    for block in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in block.scope_spans:
            for span in scope.spans:
                # Logfire also sends a span when it starts, marked as pending.
                pending = any(
                    pair.key == "logfire.span_type" and pair.value.string_value == "pending_span"
                    for pair in span.attributes
                )
                if span.kind == Span.SPAN_KIND_SERVER and not pending:
                    yield span.span_id


def sentry_transactions(body: bytes) -> int:
    """Count the transactions in an envelope: a header, then items of a header and a payload."""
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
    """Count the transactions in an intake body: one JSON object per line."""
    return sum(line.startswith(b'{"transaction"') for line in body.splitlines())


def datadog_traces(headers: Headers) -> int:
    """Return the number of traces in a payload, from its header."""
    return int(headers.get(b"x-datadog-trace-count", b"0"))


COUNT: dict[str, Callable[[bytes], int]] = {
    "sentry": sentry_transactions,
    "elastic": elastic_transactions,
}
_DATADOG_PATHS = ("/v0.4/traces", "/v0.5/traces")
_DATADOG_INFO = {"version": "7.60.0", "endpoints": _DATADOG_PATHS, "client_drop_p0s": False}
_SAMPLE_ALL = b'{"rate_by_service": {}}'
ANSWERS: dict[tuple[str, str], Answer] = {
    ("/v1/traces", ""): (200, PROTOBUF, b""),
    ("/v1/metrics", ""): (200, PROTOBUF, b""),
    ("/v1/logs", ""): (200, PROTOBUF, b""),
    # Logfire asks for the project of its token.
    ("/v1/info", ""): (
        200,
        JSON,
        b'{"project_name": "bench", "project_url": "http://127.0.0.1/bench"}',
    ),
    ("/api/", "/envelope/"): (200, JSON, b'{"id": "00000000000000000000000000000000"}'),
    ("/intake/v2/events", ""): (202, JSON, b""),
    ("/config/v1/agents", ""): (200, JSON, b"{}"),
    ("/info", ""): (200, JSON, json.dumps(_DATADOG_INFO).encode()),
    **{(path, ""): (200, JSON, _SAMPLE_ALL) for path in _DATADOG_PATHS},
    ("/telemetry/", ""): (202, JSON, b"{}"),
    ("/v0.6/stats", ""): (200, JSON, b"{}"),
    # Elastic's agent asks the server for its version; last, because every path matches it.
    ("/", "/"): (200, JSON, b'{"version": "9.2.0", "publish_ready": true}'),
}


def inflated(headers: Headers, body: bytes) -> bytes:
    """Return the decompressed body."""
    encoding = headers.get(b"content-encoding", b"")
    if encoding in (b"gzip", b"deflate"):
        return zlib.decompress(body, _GZIP_OR_ZLIB)
    return body
