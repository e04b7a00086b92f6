"""Traces of a small service, and how to write them to a file."""

import json
import shutil

import pytest

from overlap import names
from overlap.trace import Span, Trace

T0 = 1_700_000_000_000_000_000
MS = 1_000_000


def span(trace_id, span_id, name, start_ms, end_ms, parent=None, **fields):  # noqa: PLR0917
    """One span; `trace_id` and `span_id` are numbers."""
    return Span(
        trace_id=f"{trace_id:032x}",
        span_id=f"{span_id:016x}",
        name=name,
        start_ns=T0 + round(start_ms * MS),
        end_ns=T0 + round(end_ms * MS),
        parent_id=parent and f"{parent:016x}",
        service=fields.pop("service", "smokehouse"),
        **fields,
    )


def request(trace_id, ms=100, *, name="GET /smoke/", attributes=None, more=(), **fields):
    """A request that calls two things one after the other, for half of its time each."""
    half = ms / 2
    return [
        span(trace_id, 1, name, 0, ms, kind="server", attributes=attributes or {}, **fields),
        span(trace_id, 2, "get_smokables", 0, half, 1, **fields),
        span(trace_id, 3, "get_flavor", half, ms, 1, **fields),
        *more,
    ]


def delayed_by(trace_id, span_id, ms):
    """The attribute of a request that a block delayed."""
    return {names.VICTIM_BLOCKED_BY: f"{trace_id:032x}-{span_id:016x}+{ms:.3f}"}


def trace(spans):
    return Trace(spans[0].trace_id, tuple(spans))


def otlp(spans):
    """An export request with these spans, as a line of JSON."""
    return json.dumps({"resourceSpans": [_resource_spans(each) for each in spans]})


def _resource_spans(each):
    span = {
        "traceId": each.trace_id,
        "spanId": each.span_id,
        "parentSpanId": each.parent_id or "",
        "name": each.name,
        "kind": {"internal": 1, "server": 2, "client": 3}[each.kind],
        "startTimeUnixNano": str(each.start_ns),
        "endTimeUnixNano": str(each.end_ns),
        "attributes": [_attribute(*pair) for pair in each.attributes.items()],
        "status": {"code": {"unset": 0, "ok": 1, "error": 2}[each.status]},
    }
    return {
        "resource": {"attributes": [_attribute("service.name", each.service)]},
        "scopeSpans": [{"spans": [span]}],
    }


def _attribute(key, value):
    kind = {str: "stringValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


@pytest.fixture(scope="session")
def make():
    """The functions above."""
    from types import SimpleNamespace

    return SimpleNamespace(
        span=span, request=request, delayed_by=delayed_by, trace=trace, otlp=otlp
    )


@pytest.fixture(scope="session")
def spark():
    """A session on this machine."""
    pytest.importorskip("pyspark", reason="PySpark is not installed (make test-spark)")
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine: Spark needs 17 or newer")
    from overlap.survey.spark_session import session

    found = session("local[2]")
    yield found
    found.stop()
