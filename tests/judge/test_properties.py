"""The verdict against a plain quadratic one, on traces made to break it."""

import random
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from overlap import names, verdict
from overlap.judge import Verdict
from overlap.judge.findings.stages import overlap, peak, stages, union_length
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.repair import repair
from overlap.trace import Span, Trace

Interval = tuple[int, int]

# Round lengths make ties and exact fives of a hundred; the huge meet the tiny at their edges.
LENGTHS = st.sampled_from([1, 2, 3, 19, 20, 21, 39, 40, 41, 100, 101, 399, 400, 1000, 8000, 10**12])


@st.composite
def intervals(draw: st.DrawFn) -> list[Interval]:
    """Intervals that like to start, end, touch and graze where others do."""
    found: list[Interval] = []
    edges = [0]
    for _ in range(draw(st.integers(1, 14))):
        edge = draw(st.sampled_from(edges)) + draw(st.integers(-3, 3) | st.integers(-60, 60))
        length = draw(LENGTHS | st.integers(1, 500))
        start = edge if draw(st.booleans()) else edge - length
        found.append((start, start + length))
        edges += [start, start + length, start + length // 20, start + length - length // 20]
    return found


def plain_stages(times: Sequence[Interval]) -> list[list[int]]:
    """Compare every pair, then join until nothing changes."""
    stage_of = list(range(len(times)))
    for i, (si, ei) in enumerate(times):
        for j, (sj, ej) in enumerate(times[:i]):
            shared = min(ei, ej) - max(si, sj)
            if shared * 100 > 5 * min(ei - si, ej - sj):
                joined = stage_of[j]
                stage_of = [stage_of[i] if stage == joined else stage for stage in stage_of]
    return [
        [i for i in range(len(times)) if stage_of[i] == stage] for stage in sorted(set(stage_of))
    ]


def plain_union(times: Sequence[Interval]) -> int:
    """Cut time at every edge and add up the pieces that some interval covers."""
    edges = sorted({edge for interval in times for edge in interval})
    return sum(
        high - low
        for low, high in pairwise(edges)
        if any(start <= low and high <= end for start, end in times)
    )


def plain_path(times: Sequence[Interval]) -> list[int]:
    """Step back from the last end; of equal ends the longest, then the first by name."""
    path: list[int] = []
    before = list(range(len(times)))
    while before:
        path.insert(0, min(before, key=lambda i: (-times[i][1], times[i][0], i)))
        start, end = times[path[0]]
        before = [
            i
            for i, (s, e) in enumerate(times)
            if s < start and (min(e, end) - start) * 100 <= 5 * min(e - s, end - start)
        ]
    return path


@settings(max_examples=600)
@given(intervals())
@example([(0, 1000), (990, 2000), (994, 996)])  # a tiny one joins two that only graze
@example([(0, 1000), (999, 1020), (1019, 1040)])
@example([(0, 100), (95, 195)])  # exactly 5 %: apart
@example([(0, 100), (94, 194)])
def test_stages_are_those_of_comparing_every_pair(times: list[Interval]) -> None:
    """The sweep finds the connected sets that the definition gives."""
    assert sorted(map(sorted, stages(times))) == sorted(plain_stages(times))


@settings(max_examples=150)
@given(st.lists(intervals(), min_size=1, max_size=6).map(lambda lists: [*chain(*lists)]))
def test_many_stages_are_those_of_comparing_every_pair(times: list[Interval]) -> None:
    """The same with up to a hundred intervals at once."""
    assert sorted(map(sorted, stages(times))) == sorted(plain_stages(times))


@settings(max_examples=300)
@given(intervals())
def test_a_groups_figures_are_those_of_the_definition(times: list[Interval]) -> None:
    """Stages, factor, peak, wall, work and critical path of a whole group, from the definition."""
    low = min(start for start, _ in times)
    # Twice as long: a span of one nanosecond is a mark.
    times = [((start - low) * 2 + 1, (end - low) * 2 + 1) for start, end in times]
    called = [f"s{i:03}" for i in range(len(times))]
    spans = [Span("t", "r", "parent", 1, 10**15)]
    spans += [
        Span("t", name, name, start, end, "r")
        for name, (start, end) in zip(called, times, strict=True)
    ]
    (group,) = verdict(spans).groups

    expected = plain_stages(times)
    expected.sort(key=lambda s: (min(times[i][0] for i in s), max(times[i][1] for i in s), s))
    assert group.stages == [[called[i] for i in stage] for stage in expected]
    factors = [
        sum(times[i][1] - times[i][0] for i in stage) / plain_union([times[i] for i in stage])
        for stage in expected
    ]
    assert group.overlap_factor == round(max(factors), 3)
    assert group.peak == max(sum(a <= start < b for a, b in times) for start, _ in times)
    wall = max(end for _, end in times) - min(start for start, _ in times)
    assert group.wall_ms == round(wall / 1e6, 3)
    assert group.work_ms == round(sum(end - start for start, end in times) / 1e6, 3)
    assert group.critical_path == [called[i] for i in plain_path(times)]


IDS = st.sampled_from([f"{i:x}" for i in range(16)])
TIMES = st.integers(1, 60).map(lambda ms: ms * 1_000_000) | st.integers(0, 2**64)
PLAIN = st.sampled_from(["a", 1, True, 2.5, float("nan"), None, b"x", [1], {"k": []}])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            names.THREAD_ID, names.THREAD_NAME, names.TASK_ID, names.TASK_NAME, names.BLOCKED_MS,
            names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME,
            names.BLOCKED_KIND, names.BLOCKED_VICTIMS, names.THREAD_QUEUED_MS, names.DB_SYSTEM,
            names.LOOP_READY_MS, names.LOOP_RUNNING_MS, names.LOOP_LONGEST_LINE, names.NEIGHBOUR,
            names.AWAIT_TASK, names.AWAIT_EDGES,
        ]
    ),
    PLAIN,
    max_size=5,
)  # fmt: skip
NUMBERS = st.integers(0, 3)
EDGES = st.lists(
    st.tuples(st.integers(0, 60_000), st.integers(0, 60_000), NUMBERS, NUMBERS).map(
        lambda edge: "{}+{} {} gather {}".format(*edge)
    ),
    max_size=4,
).map("\n".join)
TASKS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({names.AWAIT_TASK: NUMBERS}, optional={names.AWAIT_EDGES: EDGES}),
)
"""The tasks of spans: mostly nonsense, and circles."""
QUEUED: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {names.THREAD_CALLS: st.just(1), names.THREAD_QUEUED_MS: st.sampled_from([0.5, 2.0, 30.0])}
    ),
)
"""Waits for a thread before any work."""
ENDS = st.sampled_from([{}, {}, {names.TASK_END: "lost"}, {names.TASK_END: "done"}])


@st.composite
def soups(draw: st.DrawFn) -> list[Span]:
    """Spans whose parents, times, kinds and attributes make sense only by chance."""
    return [
        Span(
            trace_id=draw(st.sampled_from(["t", "t", "t", "u"])),
            span_id=draw(IDS),
            name=draw(st.sampled_from(["a", "b", names.SPAN_BLOCKED, names.SPAN_TASK_STARTED, ""])),
            start_ns=draw(TIMES),
            end_ns=draw(TIMES | st.none()),
            parent_id=draw(IDS | st.none()),
            kind=draw(st.sampled_from(["server", "client", "internal"])),
            service=draw(st.sampled_from(["x", "y"])),
            attributes=draw(ATTRIBUTES) | draw(ENDS) | draw(TASKS) | draw(QUEUED),
            resource=draw(st.sampled_from([{}, {names.PROCESS_PID: 1}, {names.PROCESS_PID: "2"}])),
        )
        for _ in range(draw(st.integers(0, 20)))
    ]


@settings(max_examples=150)
@given(soups(), st.randoms(use_true_random=False))
def test_any_soup_of_spans_has_one_verdict(spans: list[Span], chance: random.Random) -> None:
    """No exception, and the same verdict in any order."""
    found = verdict(spans)
    assert isinstance(found, Verdict)
    assert found.shapes
    shuffled = chance.sample(spans, len(spans))
    # repr: hostile attributes may be NaN, which equals nothing.
    assert repr(verdict(shuffled)) == repr(found)


@settings(max_examples=200)
@given(soups())
def test_any_path_has_no_hole(spans: list[Span]) -> None:
    """From the begin of any span to its end, each instant once, whatever is said of its tasks."""
    tree = repair(spans)
    for index in range(len(tree.spans)):
        edges = [tree.starts[index]]
        for _, start, end in request_path(tree, index).segments:
            assert start == edges[-1] < end
            edges.append(end)
        assert edges[-1] == tree.ends[index]


@settings(max_examples=80)
@given(soups(), st.randoms(use_true_random=False))
def test_duplicates_do_not_change_what_is_found(spans: list[Span], chance: random.Random) -> None:
    """Sent twice, a span is judged once; only the warnings say so."""
    trace = Trace("t", tuple(spans))
    again = Trace("t", tuple(chance.sample(spans * 2, len(spans) * 2)))
    one, other = verdict(trace).as_dict(), verdict(again).as_dict()
    assert one.pop("warnings") is not None
    assert other.pop("warnings") is not None
    assert one == other


@st.composite
def forests(draw: st.DrawFn) -> list[Span]:
    """Sound trees of requests and blocks in which many are in flight at once."""
    spans: list[Span] = []
    for i in range(draw(st.integers(1, 18))):
        start = draw(st.integers(1, 40)) * 1_000_000
        parent = draw(st.sampled_from([span.span_id for span in spans] or [None]) | st.none())
        spans.append(
            Span(
                trace_id="t",
                span_id=f"{i:02}",
                name=draw(st.sampled_from([f"n{i:02}", names.SPAN_BLOCKED])),
                start_ns=start,
                end_ns=start + draw(st.integers(0, 40)) * 1_000_000,
                parent_id=parent,
                kind=draw(st.sampled_from(["server", "client", "internal"])),
                service="x" if parent else draw(st.sampled_from(["x", "y"])),
                resource=draw(
                    st.sampled_from([{}, {names.PROCESS_PID: 1}, {names.PROCESS_PID: 2}])
                ),
            )
        )
    return _one_service_a_tree(spans)


def _one_service_a_tree(spans: list[Span]) -> list[Span]:
    """Without a change of service on the way down nothing is shifted, which the plain one can't."""
    service: dict[str, str] = {}
    for span in spans:
        service[span.span_id] = service.get(span.parent_id or "", span.service)
    found = {s.span_id: replace(s, service=service[s.span_id]) for s in spans}
    for span in reversed(spans):  # and a request within its call is not shifted either
        above = found.get(span.parent_id or "")
        if span.kind == "server" and above is not None and above.kind == "client":
            start = min(above.start_ns, span.start_ns)
            found[above.span_id] = replace(
                above, start_ns=start, end_ns=max(end(above), end(found[span.span_id]))
            )
    return list(found.values())


def end(span: Span) -> int:
    """Its end, which every span of a sound tree has."""
    assert span.end_ns is not None
    return span.end_ns


def above(span: Span, spans: list[Span]) -> list[Span]:
    """The ancestors, the nearest first."""
    by_id = {each.span_id: each for each in spans}
    found = []
    while span.parent_id:
        span = by_id[span.parent_id]
        found.append(span)
    return found


def together(one: Span, other: Span) -> bool:
    """Whether nothing says that the two are of different processes."""
    mine, others = (span.resource.get(names.PROCESS_PID) for span in (one, other))
    return one.service == other.service and (mine is None or others is None or mine == others)


def waited(span: Span, block: Span, spans: list[Span]) -> bool:
    """Whether a request waited for the block, by the definition."""
    if span.kind != "server" or not together(span, block) or span in (block, *above(block, spans)):
        return False
    in_flight = span.start_ns < span.end_ns and (
        span.start_ns < block.end_ns and span.end_ns > block.start_ns
    )
    client = next(iter(above(span, spans)), None)
    held = (
        client is not None
        and client.kind == "client"
        and block.start_ns <= client.start_ns <= block.end_ns <= span.start_ns
    )
    return block.start_ns < block.end_ns and (in_flight or held)


def response(span: Span, spans: list[Span]) -> Span | None:
    """The request that a span works for; a request that a client made is work of its own."""
    ancestors = above(span, spans)
    if span.kind == "server" and ancestors and ancestors[0].kind == "client":
        return None
    return next((up for up in ancestors if up.kind == "server"), None)


def late(span: Span, spans: list[Span]) -> int:
    """How much later than its response it ended."""
    server = response(span, spans)
    if server is None or span.start_ns == span.end_ns or span.name == names.SPAN_BLOCKED:
        return 0
    return end(span) - end(server)


@settings(max_examples=300)
@given(forests())
def test_evidence_is_that_of_asking_every_span(spans: list[Span]) -> None:
    """Victims and background work are those the definitions name, pair by pair."""
    found = verdict(spans)
    blocks = [span for span in spans if span.name == names.SPAN_BLOCKED]
    blocks.sort(key=lambda span: (span.start_ns, span.span_id))
    expected = [
        sorted(span.name for span in spans if waited(span, block, spans)) for block in blocks
    ]
    assert [sorted(block.victims) for block in found.blocked] == expected

    outlived = [
        (-over / 1e6, span.name)
        for span in spans
        if (over := late(span, spans)) > 1_000_000
        and not any(
            late(up, spans) > 1_000_000 and response(up, spans) == response(span, spans)
            for up in above(span, spans)
        )
    ]
    assert [(-item.outlived_ms, item.span) for item in found.background] == sorted(outlived)


@given(intervals())
def test_small_parts_keep_their_word(times: list[Interval]) -> None:
    """Union and peak on their own, and overlap is symmetric."""
    assert union_length(times) == plain_union(times)
    assert peak(times) == max(sum(a <= start < b for a, b in times) for start, _ in times)
    assert all(overlap(a, b) == overlap(b, a) for a in times for b in times)
