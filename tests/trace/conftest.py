"""One small trace, as each format writes it."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT, CHILD = "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_700_000_000_000_001_000


def _otlp(**child: Any) -> dict[str, Any]:
    root = {
        "traceId": TRACE,
        "spanId": ROOT,
        "parentSpanId": "",
        "name": "GET /",
        "kind": 2,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 5_000_000),
        "status": {"code": 2, "message": "no"},
        "events": [
            {
                "timeUnixNano": str(START + 1000),
                "name": "tick",
                "attributes": [{"key": "n", "value": {"intValue": "1"}}],
            }
        ],
    }
    below = {
        "traceId": TRACE,
        "spanId": CHILD,
        "parentSpanId": ROOT,
        "name": "smoke",
        "kind": 1,
        "startTimeUnixNano": START + 1_000_000,
        "endTimeUnixNano": START + 2_000_000,
        "attributes": [{"key": "thread.id", "value": {"intValue": "7"}}],
        "links": [{"traceId": TRACE, "spanId": ROOT, "attributes": []}],
        **child,
    }
    service = {"key": "service.name", "value": {"stringValue": "smokehouse"}}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [service]},
                "scopeSpans": [{"scope": {"name": "views"}, "spans": [root, below]}],
            }
        ]
    }


@pytest.fixture(scope="session")
def otlp() -> Any:
    """OTLP JSON of a server span and its child, with the child's fields replaced as asked."""
    return _otlp


def _as_protobuf(found: dict[str, Any]) -> TracesData:
    """OTLP JSON as protobuf; the mapping takes ids for base64, so they are set by hand."""
    data = ParseDict(found, TracesData())
    plain = found["resourceSpans"][0]["scopeSpans"][0]["spans"]
    for span, ids in zip(data.resource_spans[0].scope_spans[0].spans, plain, strict=True):
        span.trace_id = bytes.fromhex(ids["traceId"])
        span.span_id = bytes.fromhex(ids["spanId"])
        span.parent_span_id = bytes.fromhex(ids["parentSpanId"])
        for link, other in zip(span.links, ids.get("links", ()), strict=True):
            link.trace_id = bytes.fromhex(other["traceId"])
            link.span_id = bytes.fromhex(other["spanId"])
    return data


@pytest.fixture(scope="session")
def as_protobuf() -> Any:
    """Turn OTLP JSON into protobuf."""
    return _as_protobuf
