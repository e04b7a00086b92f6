"""Hostile traces: each is judged, and what was mended is told in a bounded number of sentences."""

from collections.abc import Callable

import pytest
from msgspec import structs

from overlap import verdict
from overlap.judge import Verdict
from overlap.trace import Span, Trace

MakeSpan = Callable[..., Span]


def test_no_span_at_all_is_single() -> None:
    """A trace without spans has a verdict too."""
    assert verdict(Trace("a", ())) == Verdict("a", ["single"])
    assert verdict([]) == Verdict("", ["single"])


def test_duplicates_change_nothing_but_are_told(span: MakeSpan) -> None:
    """A span that comes twice counts once; of two that differ the one that ended later is kept."""
    spans = [span("1", "p", 0, 10), span("2", "a", 0, 5, "1"), span("3", "b", 0, 6, "1")]
    once = verdict(spans)
    twice = verdict([*spans, *spans, structs.replace(spans[1], end_ns=None)])
    assert twice.warnings == ["4 spans have an id that another span has too: ignored"]
    assert structs.replace(twice, warnings=[]) == once


def test_missing_parents_make_roots(span: MakeSpan) -> None:
    """A span whose parent is not there is a root, and what is below it is judged."""
    found = verdict([span("1", "p", 0, 10, "gone"), span("2", "a", 0, 5, "1")])
    assert found.warnings == ["1 span has no parent in this trace: it is treated as a root"]
    assert found.groups[0].parent == "p"


@pytest.mark.parametrize("length", [1, 2, 7])
def test_cycles_of_parents_are_broken(span: MakeSpan, length: int) -> None:
    """A cycle is broken at its earliest span; the spans below it are kept."""
    circle = [span(str(i), f"s{i}", i, 100, str((i + 1) % length)) for i in range(length)]
    found = verdict([*circle, span("x", "leaf", 3, 9, "0")])
    assert found.warnings == [
        "1 cycle of parents was broken: the earliest span of each is treated as a root"
    ]
    assert sum(len(stage) for group in found.groups for stage in group.stages) == length


def test_two_roots_are_told(span: MakeSpan) -> None:
    """Two roots are judged each; the verdict says so."""
    assert verdict([span("1", "a", 0, 1), span("2", "b", 0, 1)]).warnings == [
        "2 spans are roots: each is judged with the spans below it"
    ]


def test_a_span_that_ends_before_it_began_is_a_mark(span: MakeSpan) -> None:
    """Negative durations are taken as none; a mark is in no stage."""
    found = verdict(
        [span("1", "p", 0, 9), span("2", "back", 5, 1, "1"), span("3", "zero", 5, 5, "1")]
    )
    assert found.groups == []
    assert found.warnings == ["1 span has an end before its start: treated as an instant"]


@pytest.mark.parametrize("end", [None, 0])
def test_a_span_without_end_lasts_to_the_last_time_known(span: MakeSpan, end: int | None) -> None:
    """No end (None, or OTLP's 0): it lasts as long as anything in the trace."""
    spans = [span("1", "p", 0, 100), structs.replace(span("2", "open", 40, 0, "1"), end_ns=end)]
    found = verdict(spans)
    assert found.groups[0].wall_ms == 60.0
    assert found.warnings == [
        "1 span has no end: assumed to last until the last time known in this trace"
    ]


@pytest.mark.parametrize("ahead_ms", [-700_000, -60, 60, 700_000])
def test_clock_skew_is_taken_out_with_everything_below(span: MakeSpan, ahead_ms: int) -> None:
    """A server span outside its client span is shifted into it, with its subtree."""
    spans = [
        span("1", "call", 0, 100, kind="client", service="a"),
        span("2", "GET /", 30 + ahead_ms, 80 + ahead_ms, "1", kind="server", service="b"),
        span("3", "x", 30 + ahead_ms, 50 + ahead_ms, "2", service="b"),
        span("4", "call c", 50 + ahead_ms, 80 + ahead_ms, "2", kind="client", service="b"),
        span("5", "GET /c", 55, 75, "4", kind="server", service="c"),
        span("6", "late", 100, 104, "1", service="a"),
    ]
    found = verdict(spans)
    groups = {group.parent: group for group in found.groups}
    assert groups["GET /"].stages == [["x"], ["call c"]]
    assert groups["GET /"].wall_ms == 50.0
    # Inside its client's 100 ms it does not touch what that did at 100.
    assert groups["call"].stages == [["GET /"], ["late"]]
    assert [w for w in found.warnings if "clock skew" in w]


@pytest.mark.parametrize(("start", "end"), [(1, 900), (3, 104.9), (-0.9, 99)])
def test_a_server_that_outlasts_its_client_is_not_skew(
    span: MakeSpan, start: float, end: float
) -> None:
    """A client that left, and a hair's breadth at the edges, are no reason to shift."""
    spans = [
        span("1", "call", 0, 100, kind="client", service="a"),
        span("2", "GET /", start, end, "1", kind="server", service="b"),
    ]
    assert verdict(spans).warnings == []


def test_one_service_has_one_clock(span: MakeSpan) -> None:
    """Within a process times are taken as they are; a call of a service to itself is an edge."""
    spans = [
        span("1", "call", 0, 100, kind="client"),
        span("2", "later", 200, 250, "1", kind="internal"),
    ]
    assert verdict(spans).warnings == []
    (warning,) = verdict([spans[0], structs.replace(spans[1], kind="server")]).warnings
    assert "clock skew" in warning


def test_spans_of_several_traces_are_judged_together_and_told(span: MakeSpan) -> None:
    """The commonest trace id stands for all."""
    spans = [
        span("1", "a", 0, 1),
        span("2", "b", 0, 1, "1"),
        span("3", "c", 0, 1, "1", trace_id="e"),
    ]
    found = verdict(spans)
    assert found.trace_id == "f" * 32
    assert found.warnings == ["1 span has another trace id: judged as part of this trace"]


def test_warnings_stay_few(span: MakeSpan) -> None:
    """A thousand broken spans are a sentence a kind, not a sentence each."""
    broken = [span(f"{i}", "n", 5, 1, f"gone{i}") for i in range(1000)]
    broken += [span(f"u{i}", "n", 5, None, f"gone{i}") for i in range(1000)]
    assert len(verdict([*broken, *broken]).warnings) == 4


def test_ten_thousand_levels_are_judged(span: MakeSpan) -> None:
    """Depth is not recursion: each level is a group of one."""
    spans = [
        span(f"{i:05}", f"s{i}", i, 30_000 - i, f"{i - 1:05}" if i else None) for i in range(10_000)
    ]
    found = verdict(spans)
    assert len(found.groups) == 9_999
    assert found.shapes == ["single"]


def test_ten_thousand_siblings_are_judged(span: MakeSpan) -> None:
    """All at once: one stage, and a peak of ten thousand."""
    spans = [span(f"{i}", "s", i / 1000, 1000 + i, "r") for i in range(10_000)]
    (group,) = verdict([span("r", "r", 0, 20_000), *spans]).groups
    assert (len(group.stages), group.peak) == (1, 10_000)


def test_a_mark_that_jaeger_kept_is_a_mark(span: MakeSpan) -> None:
    """Badger gives a span of no duration back as one of a nanosecond: still no stage of a group."""
    spans = [span("1", "p", 0, 10), span("2", "revoke", 5, 5, "1"), span("3", "run", 2, 8, "1")]
    kept = [spans[0], structs.replace(spans[1], end_ns=spans[1].start_ns + 1), spans[2]]
    assert verdict(kept) == verdict(spans)
