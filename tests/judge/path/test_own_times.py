"""The own times of a request, found without following its path where spans run in a row."""

from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.judge.path.own_times import _nested, own_times
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.repair import repair
from overlap.trace import Span

MS = 1_000_000
T0 = 1_700_000_000_000_000_000
TRACE = "f" * 32


def span(number: int, start_ms: int, end_ms: int, parent: int | None, kind: str) -> Span:
    """A span of one service, by number; times in ms from T0."""
    up = None if parent is None else f"{parent:016x}"
    return Span(
        TRACE, f"{number:016x}", f"s{number}", T0 + start_ms * MS, T0 + end_ms * MS, up, kind
    )


@st.composite
def traces(draw: st.DrawFn) -> list[Span]:
    """A request whose spans mostly run in a row inside their parents, and sometimes do not."""
    found = [(0, 100)]
    spans = [span(1, 0, 100, None, "server")]
    for number in range(2, draw(st.integers(2, 9))):
        parent = draw(st.integers(1, len(spans)))
        low, high = found[parent - 1]
        start = draw(st.integers(max(0, low - draw(st.sampled_from([0, 0, 0, 5]))), high))
        end = draw(st.integers(start, high + draw(st.sampled_from([0, 0, 0, 5]))))
        found.append((start, end))
        kind = draw(st.sampled_from(["internal", "internal", "client", "server"]))
        spans.append(span(number, start, end, parent, kind))
    return spans


@given(traces())
@settings(deadline=None, max_examples=300)
def test_they_are_those_of_the_path(spans: list[Span]) -> None:
    """Whether or not the path had to be followed."""
    for request in repair(spans, TRACE).requests:
        expected = request_path(repair(spans, TRACE), request).own
        assert dict(own_times(repair(spans, TRACE), request)) == expected


def test_spans_in_a_row_need_no_path() -> None:
    """The short way is taken; what no child covers is the parent's own time."""
    tree = repair(
        [
            span(1, 0, 100, None, "server"),
            span(2, 10, 40, 1, "internal"),
            span(3, 20, 30, 2, "client"),
            span(4, 40, 100, 1, "internal"),
        ],
        TRACE,
    )
    assert _nested(tree, 0) == {0: 10 * MS, 1: 20 * MS, 2: 10 * MS, 3: 60 * MS}


def test_a_late_child_among_others_is_no_part_of_them() -> None:
    """A child that outlives its parent was not awaited, though the last of them was."""
    tree = repair(
        [
            span(1, 0, 100, None, "server"),
            span(2, 10, 200, 1, "internal"),
            span(3, 20, 90, 1, "internal"),
        ],
        TRACE,
    )
    assert _nested(tree, 0) is None
    assert dict(own_times(tree, 0)) == {0: 30 * MS, 2: 70 * MS}
