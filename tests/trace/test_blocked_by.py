"""What held a request up: written by the instrument, read by everything else."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanContext, TraceFlags

from overlap import names
from overlap.instrument.requests.delays import LISTED, Held
from overlap.trace import Link, Span
from overlap.trace.blocked_by import HeldUp, held_up

A, B = "a" * 32, "b" * 16


def test_what_is_written_can_be_read_with_links_or_without():
    """Plain attributes alone say as much as the links do; the total is of all, listed or not."""
    recorded = TracerProvider(shutdown_on_exit=False).get_tracer("test").start_span("GET /")
    held = Held(recorded)
    for number in range(1, LISTED + 3):
        block = SpanContext(7, number, is_remote=False, trace_flags=TraceFlags(1))
        held.add(block, 100.5, at_most=number == 2)
    assert recorded.attributes[names.VICTIM_DELAY_MS] == 100.5 * (LISTED + 2)
    assert recorded.attributes[names.VICTIM_AT_MOST] is True
    found = [*held_up(span(attributes=dict(recorded.attributes)))]
    assert len(found) == LISTED
    assert found[:2] == [
        HeldUp(f"{7:032x}", f"{1:016x}", 100.5, at_most=False),
        HeldUp(f"{7:032x}", f"{2:016x}", 100.5, at_most=True),
    ]
    links = tuple(
        Link(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}", dict(link.attributes))
        for link in recorded.links
    )
    assert [*held_up(span(links=links))][:LISTED] == found


def test_nonsense_holds_nobody_up():
    """Neither text nor links of another making."""
    for told in (f"{A}-{B}+1e9", f"{A}-{B}*5", f"{A}-{B}+0", f"{A}+5", "<b>", 7, True, ["x"]):
        assert [*held_up(span(attributes={names.VICTIM_BLOCKED_BY: told}))] == []
    for delay in (0, -1, True, "5", float("inf"), float("nan")):
        said = {names.LINK_KIND: names.LINK_BLOCKED_BY, names.VICTIM_DELAY_MS: delay}
        assert [*held_up(span(links=(Link(A, B, said),)))] == []


def span(**fields):
    return Span("f" * 32, "1", "GET /", 1, 2, **fields)
