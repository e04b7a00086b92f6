"""Which blocks delayed a request: written by the instrument, read by everything else."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanContext, TraceFlags

from overlap import names
from overlap.instrument.requests.delays import LISTED, Delays
from overlap.trace import Link, Span
from overlap.trace.blocked_by import Delay, delays

A, B = "a" * 32, "b" * 16


def test_delays_are_read_from_attributes_or_from_links():
    """Attributes hold as much as the links do; the total counts delays beyond the list too."""
    recorded = TracerProvider(shutdown_on_exit=False).get_tracer("test").start_span("GET /")
    held = Delays(recorded)
    for number in range(1, LISTED + 3):
        block = SpanContext(7, number, is_remote=False, trace_flags=TraceFlags(1))
        held.add(block, 100.5, at_most=number == 2)
    assert recorded.attributes[names.VICTIM_DELAY_MS] == 100.5 * (LISTED + 2)
    assert recorded.attributes[names.VICTIM_AT_MOST] is True
    found = [*delays(span(attributes=dict(recorded.attributes)))]
    assert len(found) == LISTED
    assert found[:2] == [
        Delay(f"{7:032x}", f"{1:016x}", 100.5, at_most=False),
        Delay(f"{7:032x}", f"{2:016x}", 100.5, at_most=True),
    ]
    links = tuple(
        Link(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}", dict(link.attributes))
        for link in recorded.links
    )
    assert [*delays(span(links=links))][:LISTED] == found


def test_values_that_are_no_delay_are_ignored():
    """Neither text of another form nor links with a value that is no time."""
    for told in (f"{A}-{B}+1e9", f"{A}-{B}*5", f"{A}-{B}+0", f"{A}+5", "<b>", 7, True, ["x"]):
        assert [*delays(span(attributes={names.VICTIM_BLOCKED_BY: told}))] == []
    for delay in (0, -1, True, "5", float("inf"), float("nan")):
        said = {names.LINK_KIND: names.LINK_BLOCKED_BY, names.VICTIM_DELAY_MS: delay}
        assert [*delays(span(links=(Link(A, B, said),)))] == []


def span(**fields):
    return Span("f" * 32, "1", "GET /", 1, 2, **fields)
