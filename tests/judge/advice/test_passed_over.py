"""Traces that the advice passes over at once: no kind of advice would find anything in them."""

from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from overlap import names
from overlap.judge.advice import advice
from overlap.judge.findings.blocked import victims
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.repair import repair
from overlap.trace import Span

MS = 1_000_000
LENGTHS = st.sampled_from([0, 1, 2 * MS, 5 * MS - 1, 5 * MS, 20 * MS, 300 * MS])
ATTRIBUTES = st.sampled_from(
    [
        {},
        {},
        {},
        {names.DB_SYSTEM_NAME: "sqlite", names.DB_QUERY: "SELECT 1"},
        {names.THREAD_QUEUED_MS: 30, names.THREAD_ID: 7},
        {names.TASK_ID: "t1", names.TASK_END: "lost"},
        {names.BLOCKED_MS: 40},
    ]
)
NAMES = st.sampled_from(["a", "a", "a", "b", "connect", names.SPAN_BLOCKED])


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """A request with children one after another or at once, some of them with children."""
    found = [Span("t", "root", "GET /", 0, draw(LENGTHS) + 1, None, "server")]
    at = 0
    for number in range(draw(st.integers(0, 9))):
        start, length = at + draw(st.sampled_from([0, 0, MS])), draw(LENGTHS)
        parent = draw(st.sampled_from(found[:3])).span_id
        called, attributes = draw(NAMES), draw(ATTRIBUTES)
        end = start + length
        found.append(
            Span("t", f"{number}", called, start, end, parent, "client", attributes=attributes)
        )
        at = draw(st.sampled_from([at, end]))
    return found


def calls(*times: tuple[int, int], **attributes: str) -> list[Span]:
    """A request of 20 ms with calls of one name at these times, in ms."""
    found = [Span("t", "root", "GET /", 0, 20 * MS, None, "server")]
    for number, (start, end) in enumerate(times):
        at = start * MS, end * MS
        found.append(Span("t", f"{number}", "a", *at, "root", "client", attributes=attributes))
    return found


IN_A_ROW = ((0, 4), (4, 8), (8, 12))
TWO_AT_A_TIME = ((0, 4), (0, 4), (4, 8), (4, 8), (8, 12), (8, 12), (12, 16), (12, 16))
QUEUED = [
    replace(span, attributes={names.THREAD_ID: 7, names.THREAD_QUEUED_MS: 4 * number})
    for number, span in enumerate(calls(*IN_A_ROW))
]


@example(calls((0, 5), (5, 10)))
@example(calls(*TWO_AT_A_TIME))
@example(calls(*IN_A_ROW, **{names.DB_SYSTEM_NAME: "sqlite", names.DB_QUERY: "SELECT 1"}))
@example(QUEUED)
@given(spans())
@settings(max_examples=400)
def test_what_is_passed_over_has_no_advice(of_trace):
    """The advice is what it is if every kind of advice looks at every trace."""
    found = []
    for passes in (patch("overlap.judge.advice._may_have_advice", return_value=True), None):
        tree = repair(of_trace)
        context = TraceContext(tree, victims(tree))
        if passes is None:
            found.append(advice(context))
        else:
            with passes:
                found.append(advice(context))
    assert found[0] == found[1]
