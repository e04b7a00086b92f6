"""The lanes of a trace: who had the loop, and what ran in which thread."""

import pytest

from overlap import names, verdict
from overlap.trace import Trace
from overlap.waterfall import layout

LOOP = {names.THREAD_ID: 1, names.THREAD_NAME: "MainThread"}
LEAN = {names.THREAD_ID: 7, names.THREAD_NAME: "lean-1_0"}


def lanes(*spans):
    trace = Trace("f" * 32, spans)
    return layout(trace, verdict(trace)).lanes


def told(lane):
    return [(turn.span.name, turn.start_ms, turn.end_ms, turn.queued_ms) for turn in lane.turns]


def test_the_loop_shows_which_request_had_it_when(span):
    """The turns that requests list, in one lane for their loop, in order of time."""
    found = lanes(
        span("a", 0, 100, kind="server", attributes=LOOP | {names.LOOP_TURNS: "0+2000 50000+1000"}),
        span("b", 10, 90, kind="server", attributes=LOOP | {names.LOOP_TURNS: "0+500 60000+100"}),
        span("c", 20, 30, "a", attributes=LOOP),
    )
    assert [(lane.kind, lane.name) for lane in found] == [("loop", "event loop")]
    assert told(found[0]) == [
        ("a", 0.0, 2.0, 0.0),
        ("b", 10.0, 10.5, 0.0),
        ("a", 50.0, 51.0, 0.0),
        ("b", 70.0, 70.1, 0.0),
    ]


def test_two_processes_have_two_loops(span):
    """As their spans' resources tell."""
    spans = [
        span(
            str(pid), pid, pid + 10, kind="server", resource={names.PROCESS_PID: pid},
            attributes=LOOP | {names.LOOP_TURNS: "0+1000"},
        )
        for pid in (1, 2)
    ]  # fmt: skip
    assert [lane.kind for lane in lanes(*spans)] == ["loop", "loop"]


def test_a_thread_shows_what_ran_in_it_and_what_waited(span):
    """The first span of each part, with its time in the queue; what is below it is not a part."""
    found = lanes(
        span("view", 0, 300, kind="server", attributes=LOOP),
        span("one", 1, 100, "view", attributes=LEAN | {names.THREAD_QUEUED_MS: 0.5}),
        span("inside", 2, 99, "one", attributes=LEAN),
        span("two", 100, 200, "view", attributes=LEAN | {names.THREAD_QUEUED_MS: 98.5}),
    )
    assert [(lane.kind, lane.name) for lane in found] == [("thread", "lean-1_0")]
    assert told(found[0]) == [("one", 1.0, 100.0, 0.5), ("two", 100.0, 200.0, 98.5)]


@pytest.mark.parametrize(
    "turns", ["", "1", "1+", "x+y", "1+2,3+4", 7, "9" * 40 + "+1", "1+1 " * 9999]
)
def test_turns_that_can_not_be_read_are_none(span, turns):
    """Attributes are anyone's."""
    assert lanes(span("a", 0, 10, kind="server", attributes={names.LOOP_TURNS: turns})) == []


def test_turns_stay_within_their_span(span):
    """A turn that goes past it is cut, one that begins past it is left out."""
    (lane,) = lanes(
        span("a", 0, 10, kind="server", attributes={names.LOOP_TURNS: "5000+99999999 20000+1"})
    )
    assert told(lane) == [("a", 5.0, 10.0, 0.0)]
