"""The critical path of a request and its self-time: examples, and a brute-force judge."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap import names, verdict
from overlap.judge import Verdict
from overlap.trace import Span

MakeSpan = Callable[..., Span]
T0 = 1_700_000_000_000_000_003
MS = 1_000_000


def path(found: Verdict) -> list[tuple[str, float, float]]:
    """The path as (span, start, ms)."""
    return [(each.span, each.start_ms, each.ms) for each in found.critical_path]


def test_the_path_goes_through_services_and_back_to_its_parents(span: MakeSpan) -> None:
    """What no child on the path covers is the parent's own time, before, between and after."""
    found = verdict(
        [
            span("1", "GET /", 0, 100, kind="server"),
            span("2", "auth", 5, 25, "1"),
            span("3", "GET", 30, 90, "1", kind="client"),
            span("4", "GET /api", 35, 85, "3", kind="server", service="api"),
            span("5", "SELECT", 40, 70, "4", kind="client", service="api"),
            span("6", "prefetch", 31, 60, "1", kind="client"),
        ]
    )
    assert path(found) == [
        ("GET /", 0, 5), ("auth", 5, 20), ("GET /", 25, 5), ("GET", 30, 5), ("GET /api", 35, 5),
        ("SELECT", 40, 30), ("GET /api", 70, 15), ("GET", 85, 5), ("GET /", 90, 10),
    ]  # fmt: skip
    assert [(each.span, each.span_id, each.service, each.ms) for each in found.self_time] == [
        ("SELECT", "5", "api", 30), ("GET /", "1", "smokehouse", 20),
        ("auth", "2", "smokehouse", 20),
        ("GET /api", "4", "api", 20), ("GET", "3", "smokehouse", 10),
    ]  # fmt: skip
    assert [each.share for each in found.self_time] == [0.3, 0.2, 0.2, 0.2, 0.1]


def test_a_child_that_outlives_its_parent_is_not_on_the_path(span: MakeSpan) -> None:
    """1 ms after its parent a child was still awaited, later it was not."""
    for end, expected in ((101, ["db", "late"]), (101.000001, ["db"])):
        spans = [
            span("1", "GET /", 0, 100, kind="server"),
            span("2", "db", 0, 95, "1", kind="client"),
            span("3", "late", 95, end, "1"),
        ]
        found = verdict(spans)
        assert found.groups[0].critical_path == expected
        assert sum(each.ms for each in found.critical_path) == 100


def test_calls_that_overlap_by_a_sliver_are_all_on_the_path(span: MakeSpan) -> None:
    """The later of two takes what they share, so that no time counts twice."""
    spans = [span("1", "GET /", 0, 300, kind="server")]
    spans += [span(f"s{i}", f"s{i}", 50 * i, min(50 * i + 51, 300), "1") for i in range(6)]
    found = verdict(spans)
    assert found.shapes == ["serial"]
    assert found.groups[0].critical_path == [f"s{i}" for i in range(6)]
    assert path(found) == [(f"s{i}", 50 * i, 50) for i in range(6)]


def test_late_children_alone_are_not_serial(span: MakeSpan) -> None:
    """Timers in a row after the response are background work, and no reason to gather."""
    found = verdict(
        [
            span("1", "GET /", 0, 100, kind="server"),
            span("2", "timer", 200, 300, "1"),
            span("3", "timer", 400, 500, "1"),
        ]
    )
    assert found.shapes == ["background"]
    assert found.groups[0].stages == [["timer"], ["timer"]]
    assert found.groups[0].critical_path == []


def test_of_a_scenario_the_path_is_that_of_its_longest_own_request(span: MakeSpan) -> None:
    """Neighbours are longer here, and are not what the scenario is about."""
    spans = [span("r", "scenario x", 0, 900, attributes={names.SCENARIO_NAME: "x"}, service="play")]
    for number, (length, neighbour) in enumerate([(100, False), (200, False), (800, True)]):
        attributes = {names.NEIGHBOUR: True} if neighbour else {}
        spans += [
            span(f"c{number}", "GET", 0, length, "r", kind="client", attributes=attributes),
            span(f"s{number}", f"GET /{number}", 1, length - 1, f"c{number}", kind="server"),
        ]
    assert path(verdict(spans)) == [("GET /1", 0, 198)]


def test_of_several_roots_the_path_is_that_of_the_longest_server_span(span: MakeSpan) -> None:
    """One root is the request whatever its kind; of several, a server span is."""
    job = span("1", "job", 0, 500)
    assert path(verdict([job, span("2", "GET /", 0, 90, "1", kind="server")]))[0][0] == "GET /"
    assert path(verdict([job, span("2", "GET /", 0, 90, kind="server")])) == [("GET /", 0, 90)]
    assert path(verdict([job, span("2", "other", 0, 600)])) == [("other", 0, 600)]
    assert path(verdict([span("1", "mark", 5, 5)])) == []


def test_ten_thousand_levels_are_walked(span: MakeSpan) -> None:
    """Nothing recurses, and each level has its own time on both sides."""
    levels = 10_000
    spans = [
        Span("t", f"{i}", f"s{i}", T0 + 10 * i, T0 + 10**9 - 10 * i, f"{i - 1}" if i else None)
        for i in range(levels)
    ]
    found = verdict(spans)
    assert len(found.critical_path) == 2 * levels - 1
    assert sum(round(each.ms * MS) for each in found.critical_path) == 10**9
    assert found.self_time[0].span == f"s{levels - 1}"


@st.composite
def trees(draw: st.DrawFn) -> list[Span]:
    """Random trees whose spans like to start and end where others do, and a little beyond."""
    root = (1, draw(st.integers(2, 200)) * 2 + 1)
    times, parents = [root], [-1]
    for _ in range(draw(st.integers(0, 12))):
        parent = draw(st.integers(0, len(times) - 1))
        edges = [edge for interval in times for edge in interval]
        start = max(1, draw(st.sampled_from(edges)) + 2 * draw(st.integers(-4, 4)))
        length = 2 * draw(st.sampled_from([1, 2, 10, 20, 21, 40, 100, 200]))
        times.append((start, start + length))
        parents.append(parent)
    late = draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
    return [
        Span(
            "t",
            f"{i:02}",
            f"s{draw(st.integers(0, 3))}",
            start,
            end + (2 * MS if i and late[i] and draw(st.booleans()) else 0),
            f"{parents[i]:02}" if i else None,
        )
        for i, (start, end) in enumerate(times)
    ]


def end(span: Span) -> int:
    """Its end, which every span here has."""
    assert span.end_ns is not None
    return span.end_ns


def plain_predecessors(span: Span, siblings: Sequence[Span]) -> list[Span]:
    """The siblings that began earlier and share at most 5 % of the shorter of the two."""
    found = []
    for other in siblings:
        shared = min(end(other), end(span)) - span.start_ns
        shorter = min(end(other) - other.start_ns, end(span) - span.start_ns)
        if other.start_ns < span.start_ns and 100 * shared <= 5 * shorter:
            found.append(other)
    return found


def plain_group_path(parent: Span, spans: Sequence[Span]) -> list[Span]:
    """The awaited children that decide when the last of them ended, the last first."""
    left = [
        each for each in spans if each.parent_id == parent.span_id and end(each) <= end(parent) + MS
    ]
    found: list[Span] = []
    while left:
        last = min(left, key=lambda s: (-end(s), s.start_ns, s.name, -int(s.span_id)))
        found.append(last)
        left = plain_predecessors(last, left)
    return found


def plain_owner(span: Span, instant: int, spans: Sequence[Span]) -> str:
    """Whose own time an instant is: of the span, or of the child on its path that covers it."""
    for child in plain_group_path(span, spans):
        if child.start_ns <= instant:
            # The first from the end that began by then; those before it end where it begins.
            return plain_owner(child, instant, spans) if instant < end(child) else span.span_id
    return span.span_id


@settings(max_examples=400)
@given(trees())
@example([Span("t", "00", "r", 1, 401), Span("t", "01", "a", 1, 3, "00")])
def test_the_path_is_that_of_asking_every_instant(spans: list[Span]) -> None:
    """Each nanosecond of the request belongs to the span that the definition names."""
    root = spans[0]
    segments = verdict(spans).critical_path
    owners = {}
    for each in segments:
        start = round(each.start_ms * MS)
        for instant in range(start, start + round(each.ms * MS)):
            assert instant not in owners
            owners[instant] = each.span_id
    expected = {
        instant - root.start_ns: plain_owner(root, instant, spans)
        for instant in range(root.start_ns, end(root))
    }
    assert owners == expected
    own: dict[str, int] = {}
    for owner in expected.values():
        own[owner] = own.get(owner, 0) + 1
    found = verdict(spans).self_time
    assert {each.span_id: round(each.ms * MS) for each in found} == own
    assert [each.ms for each in found] == sorted((each.ms for each in found), reverse=True)
    whole = end(root) - root.start_ns
    assert [each.share for each in found] == [round(own[each.span_id] / whole, 6) for each in found]
    assert all(one.span_id != other.span_id for one, other in pairwise(segments))
