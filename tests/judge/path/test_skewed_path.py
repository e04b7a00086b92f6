"""The critical path of a trace whose clocks differ: that of the same spans, put right by hand."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from overlap import verdict
from overlap.trace import Kind, Span

MS = 1_000_000
PAIRS: list[tuple[Kind, Kind]] = [
    ("client", "server"), ("producer", "consumer"), ("internal", "internal"), ("client", "internal")
]  # fmt: skip


@st.composite
def skewed(draw: st.DrawFn) -> list[Span]:
    """Trees over three services, whose clocks are off by less or more than is put right."""
    ahead = {name: draw(st.integers(-90, 90)) for name in "abc"}
    spans = [Span("t", "00", "root", 1000 * MS, 1100 * MS, None, "server", "a")]
    for number in range(1, draw(st.integers(2, 9))):
        place = draw(st.integers(0, number - 1))
        parent = spans[place]
        above, kind = draw(st.sampled_from(PAIRS))
        if place:
            parent = spans[place] = replace(parent, kind=above)
        service = draw(st.sampled_from("abc"))
        off = ahead[service] - ahead[parent.service]
        start = parent.start_ns + draw(st.integers(-3, 110)) * MS + off * MS
        end = start + draw(st.integers(1, 130)) * MS
        spans.append(
            Span("t", f"{number:02}", f"s{number}", start, end, parent.span_id, kind, service)
        )
    return spans


def end(span: Span) -> int:
    """Its end, which every span here has."""
    assert span.end_ns is not None
    return span.end_ns


def is_right(span: Span, parent: Span) -> bool:
    """Whether clocks that agree may have measured the two so."""
    called = (parent.kind, span.kind) == ("client", "server")
    sent = span.kind == "consumer" or parent.kind == "producer"
    remote = called or (parent.kind, span.kind) == ("producer", "consumer")
    if parent.service == span.service and not remote:
        return True
    if span.start_ns < parent.start_ns - MS:
        return False
    if sent:
        return True
    fits = end(span) - span.start_ns <= end(parent) - parent.start_ns
    if not called:
        return not fits or span.start_ns <= end(parent) + 5 * MS
    return (end(span) if fits else span.start_ns) <= end(parent) + 5 * MS


def shift(span: Span, parent: Span) -> int:
    """The least that lets it begin with its parent, or end with it if it fits and began late."""
    if is_right(span, parent):
        return 0
    fits = end(span) - span.start_ns <= end(parent) - parent.start_ns
    by = [parent.start_ns - span.start_ns, *([end(parent) - end(span)] if fits else [])]
    right = [each for each in by if is_right(moved(span, each), parent)]
    return min(right, key=abs)


def moved(span: Span, by: int) -> Span:
    """The span, measured by another clock."""
    return replace(span, start_ns=span.start_ns + by, end_ns=end(span) + by)


def put_right(spans: Sequence[Span]) -> tuple[list[Span], int]:
    """The spans by one clock, parents first, and how many were wrong."""
    found: dict[str, Span] = {}
    shifts: dict[str, int] = {}
    wrong = 0
    for span in spans:
        by = shifts.get(span.parent_id or "", 0)
        if span.parent_id:
            own = shift(moved(span, by), found[span.parent_id])
            wrong += own != 0
            by += own
        shifts[span.span_id] = by
        found[span.span_id] = moved(span, by)
    return list(found.values()), wrong


@settings(max_examples=400)
@given(skewed())
@example(
    [
        Span("t", "00", "root", 1000 * MS, 1100 * MS, None, "client", "a"),
        Span("t", "01", "call", 1400 * MS, 1440 * MS, "00", "server", "b"),
        Span("t", "02", "query", 1410 * MS, 1430 * MS, "01", "internal", "b"),
    ]
)
@example(
    [
        Span("t", "00", "root", 1000 * MS, 1100 * MS, None, "client", "a"),
        Span("t", "01", "call", 1200 * MS, 1301 * MS, "00", "server", "b"),
    ]
)
def test_the_path_is_that_of_clocks_that_agree(spans: list[Span]) -> None:
    """Path and self-time; the verdict says how many spans it moved."""
    expected, wrong = put_right(spans)
    same_clock = [replace(span, service="a", kind="internal") for span in expected]
    found, plain = verdict(spans), verdict(same_clock)
    assert [(each.span_id, each.start_ms, each.ms) for each in found.critical_path] == [
        (each.span_id, each.start_ms, each.ms) for each in plain.critical_path
    ]
    assert {each.span_id: (each.ms, each.share) for each in found.self_time} == {
        each.span_id: (each.ms, each.share) for each in plain.self_time
    }
    said = [warning for warning in found.warnings if "clock skew" in warning]
    if wrong:
        assert said[0].startswith(f"{wrong} span{'' if wrong == 1 else 's'} lay outside")
    else:
        assert said == []
