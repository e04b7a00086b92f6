"""Traces by hand: spans in milliseconds, with what the lens would record."""

import json

import pytest

from overlap import names
from overlap.trace import Span, Trace

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
US = 1000


def span(number, name, start, end, parent=None, *, trace=1, kind="internal", **attributes):
    """One span; `number` and `parent` are numbers, times are ms."""
    resource = {names.PROCESS_PID: attributes.pop("pid", 1)}
    return Span(
        trace_id=f"{trace:032x}",
        span_id=f"{trace:08x}{number:08x}",
        name=name,
        start_ns=T0 + round(start * MS),
        end_ns=None if end is None else T0 + round(end * MS),
        parent_id=parent and f"{trace:08x}{parent:08x}",
        kind=kind,
        service=attributes.pop("service", "smokehouse"),
        resource=resource,
        attributes={key: value for key, value in attributes.items() if value is not None},
    )


def server(number, start, end, parent=None, *, name="GET /", **fields):
    """A server span."""
    return span(number, name, start, end, parent, kind="server", **fields)


def lens(length, turns=(), waits=(), *, ready=0.0, longest=0.0, line=""):
    """The lens's attributes of a span of so many ms: turns and waits as (offset, length)."""
    running = sum(took for _, took in turns)
    found = {
        names.LOOP_RUNNING_MS: running,
        names.LOOP_READY_MS: ready,
        names.LOOP_AWAITING_MS: length - running - ready,
    }
    if longest:
        found |= {names.LOOP_LONGEST_MS: longest, names.LOOP_LONGEST_LINE: line}
    if turns:
        found[names.LOOP_TURNS] = " ".join(
            f"{round(at * 1000)}+{round(took * 1000)}" for at, took in turns
        )
    if waits:
        found[names.LOOP_AWAITED] = "\n".join(
            f"{round(at * 1000)}+{round(took * 1000)} timer" for at, took in waits
        )
    return found


def trace(*spans):
    """A trace of these spans."""
    return Trace(spans[0].trace_id, spans)


def otlp(spans):
    """Spans as one line of OTLP JSON."""
    return json.dumps({"resourceSpans": [_resource_spans(each) for each in spans]}) + "\n"


def _resource_spans(each):
    kinds = {"internal": 1, "server": 2, "client": 3}
    row = {
        "traceId": each.trace_id, "spanId": each.span_id, "parentSpanId": each.parent_id or "",
        "name": each.name, "kind": kinds[each.kind],
        "startTimeUnixNano": str(each.start_ns), "endTimeUnixNano": str(each.end_ns or 0),
        "attributes": [_attribute(*pair) for pair in each.attributes.items()],
    }  # fmt: skip
    process = {"service.name": each.service, **each.resource}
    return {
        "resource": {"attributes": [_attribute(*pair) for pair in process.items()]},
        "scopeSpans": [{"spans": [row]}],
    }


def _attribute(key, value):
    kind = {str: "stringValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


@pytest.fixture(scope="session")
def make():
    """The functions above."""
    from types import SimpleNamespace

    return SimpleNamespace(span=span, server=server, lens=lens, trace=trace, otlp=otlp, MS=MS)
