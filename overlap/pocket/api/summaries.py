"""Summaries of traces for `/api/v3/trace-summaries`, as in Jaeger 2.20 and later.

https://github.com/jaegertracing/jaeger-idl, proto/api_v3/query_service.proto: TraceSummary. Jaeger
omits what is empty or 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from overlap.pocket.storage.span_batch import Origin

Json = dict[str, Any]


def summary(trace_id: str, spans: Iterable[tuple[Origin, bytes]]) -> Json:
    """Return one trace's summary: its root, its time, and how many spans each service sent."""
    read = [(origin.service, Span.FromString(data)) for origin, data in spans]
    ids = {span.span_id for _, span in read}
    services: dict[str, Json] = {}
    errors = orphans = 0
    root: tuple[int, str, str] | None = None
    for service, span in read:
        row = services.setdefault(service, {"name": service, "spanCount": 0, "errorSpanCount": 0})
        row["spanCount"] += 1
        if span.status.code == Status.STATUS_CODE_ERROR:
            row["errorSpanCount"] += 1
            errors += 1
        if not any(span.parent_span_id):
            found = span.start_time_unix_nano, service, span.name
            root = found if root is None or found[0] < root[0] else root
        elif span.parent_span_id not in ids:
            orphans += 1
    return _without_empty(
        {
            "traceId": trace_id,
            "rootServiceName": root[1] if root else "",
            "rootOperationName": root[2] if root else "",
            "minStartTimeUnixNano": str(min(span.start_time_unix_nano for _, span in read)),
            "maxEndTimeUnixNano": str(max(span.end_time_unix_nano for _, span in read)),
            "spanCount": len(read),
            "errorSpanCount": errors,
            "orphanSpanCount": orphans,
            "services": [_without_empty(services[name]) for name in sorted(services)],
        }
    )


def _without_empty(row: Json) -> Json:
    return {key: value for key, value in row.items() if value}
