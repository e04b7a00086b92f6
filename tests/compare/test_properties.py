"""What holds of any two traces, made to break it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from overlap import names
from overlap.compare import compare, model
from overlap.compare.span_paths import DEEPEST
from overlap.compare.summary import sentence
from overlap.trace import Span, Trace

OPPOSITE = {
    **dict(model.OPPOSITES),
    **{down: up for up, down in model.OPPOSITES},
}
IDS = st.sampled_from([f"{i:x}" for i in range(12)])
TIMES = st.integers(1, 60).map(lambda ms: ms * 1_000_000) | st.integers(0, 2**64)
THREADS = st.sampled_from([{}, {names.THREAD_ID: 1}, {names.THREAD_ID: 2}])


@st.composite
def traces(draw):
    """Spans whose parents, times and kinds make sense only by chance."""
    spans = [
        Span(
            trace_id="t",
            span_id=draw(IDS),
            name=draw(st.sampled_from(["a", "b", "c", names.SPAN_BLOCKED, ""])),
            start_ns=draw(TIMES),
            end_ns=draw(TIMES | st.none()),
            parent_id=draw(IDS | st.none()),
            kind=draw(st.sampled_from(["server", "client", "internal"])),
            attributes=draw(THREADS),
            status=draw(st.sampled_from(["unset", "error"])),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]
    return Trace("t", tuple(spans))


@settings(max_examples=300)
@given(traces())
def test_a_trace_beside_itself_is_the_same(trace):
    """Whatever is in it, in whatever order."""
    turned = Trace(trace.trace_id, trace.spans[::-1])
    assert compare(trace, trace).same
    assert compare(trace, turned).same


@settings(max_examples=300)
@given(traces(), traces())
def test_the_other_way_round_is_the_opposite(one, other):
    """Each change from A to B is its opposite from B to A, with the sides exchanged."""

    def told(changes):
        return sorted(
            (
                (sorted(change.what), change.a_path, change.b_path, change.a_ms, change.b_ms)
                for change in changes
            ),
            key=repr,
        )

    there, back = compare(one, other), compare(other, one)
    turned = [
        model.Change(
            [OPPOSITE[what] for what in change.what],
            change.b_path,
            change.a_path,
            change.b_count,
            change.a_count,
            change.b_ms,
            change.a_ms,
            change.below,
        )
        for change in back.changes
    ]
    assert told(there.changes) == told(turned)
    assert (there.a, there.b) == (back.b, back.a)
    assert (there.gained, there.given_up) == (back.given_up, back.gained)


@settings(max_examples=200)
@given(traces(), traces())
def test_every_span_is_told_or_the_same(one, other):
    """What is in no change is on both sides as often; a sentence can always be said."""
    found = compare(one, other)
    more = sum(change.b_count - change.a_count for change in found.changes)
    more += sum(change.below for change in found.of(model.APPEARED))
    more -= sum(change.below for change in found.of(model.VANISHED))
    assert more == found.b.spans - found.a.spans
    assert sentence(found).endswith(".")


def test_depth_is_bounded_by_memory_alone():
    """A chain of 20,000 spans neither recurses nor keeps 20,000 names for each."""
    chain = [
        Span("t", f"{i:x}", f"n{i % 7}", 1, 10**9 - i, f"{i - 1:x}" if i else None)
        for i in range(20_000)
    ]
    slower = [Span("t", s.span_id, s.name, 1, 2 * s.end_ns, s.parent_id) for s in chain if s.end_ns]
    found = compare(Trace("t", tuple(chain)), Trace("t", tuple(slower)))
    assert len(found.changes) == len(chain)
    assert max(len(change.a_path or ()) for change in found.changes) == DEEPEST
