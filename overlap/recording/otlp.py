"""Traces as OTLP JSON, one a line, as every reader of `overlap` takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from overlap.trace import Span, Trace

_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_STATUS = {"unset": 0, "ok": 1, "error": 2}


def lines(traces: Iterable[Trace]) -> Iterator[str]:
    """Yield each trace as a line of JSON."""
    for trace in traces:
        resource = {"attributes": _attributes(trace.spans[0].resource)} if trace.spans else {}
        spans = [_span(span) for span in trace.spans]
        scope = {"scope": {"name": "overlap.recorder"}, "spans": spans}
        document = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
        yield json.dumps(document, separators=(",", ":"))


def text(traces: Iterable[Trace]) -> str:
    """Return the lines as one text."""
    return "".join(f"{line}\n" for line in lines(traces))


def _span(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent_id} if span.parent_id else {}),
        "name": span.name,
        "kind": _KINDS[span.kind],
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns or 0),
        "attributes": _attributes(span.attributes),
        "status": {"code": _STATUS[span.status]},
    }


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)}
