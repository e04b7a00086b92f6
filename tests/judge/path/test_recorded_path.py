"""The critical path where the trace holds which task waited for which: examples, and any trace."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from overlap import names, verdict
from overlap.judge import Verdict
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.repair import repair
from overlap.trace import Span

MakeSpan = Callable[..., Span]
MS = 1_000_000


def task(number: int, *edges: str) -> dict[str, Any]:
    """Attributes of a span that started in a task: `10+90 1 gather 2`, times in ms."""
    found: dict[str, Any] = {names.AWAIT_TASK: number}
    if edges:
        found[names.AWAIT_EDGES] = "\n".join(map(_in_us, edges))
    return found


def _in_us(edge: str) -> str:
    times, _, rest = edge.partition(" ")
    start, _, length = times.partition("+")
    return f"{round(float(start) * 1000)}+{round(float(length) * 1000)} {rest}"


def path(found: Verdict) -> list[tuple[str, float, float]]:
    """The path as (span, start, ms)."""
    return [(each.span, each.start_ms, each.ms) for each in found.critical_path]


def jaeger_ui_2371(span: MakeSpan, *, recorded: bool = True) -> list[Span]:
    """One task awaits foo1, a pause, then foo3; beside it another one awaits foo2."""

    def attributes(number: int, *edges: str) -> dict[str, Any]:
        return task(number, *edges) if recorded else {}

    return [
        span("1", "main", 0, 500, attributes=attributes(1, "0+500 1 gather 2 a.py:9 in main")),
        span("2", "foo1", 0, 100, "1", attributes=attributes(2)),
        span("3", "foo2", 0, 200, "1", attributes=attributes(3)),
        span("4", "foo3", 200, 500, "1", attributes=attributes(2)),
    ]


def test_a_pause_of_a_gathered_task_is_on_the_path(span: MakeSpan) -> None:
    """jaeger-ui #2371: foo3 waited for foo1 and the pause of its own task, not for foo2."""
    found = verdict(jaeger_ui_2371(span))
    assert path(found) == [("foo1", 0, 100), ("main", 100, 100), ("foo3", 200, 300)]
    assert found.evidence == "recorded"
    assert {each.evidence for each in found.critical_path} == {"recorded"}
    assert [(each.critical_path, each.evidence) for each in found.groups] == [
        (["foo1", "foo3"], "recorded")
    ]
    (why,) = found.why
    assert why.text == (
        "main waited for foo1, then foo3 (400 of 500 ms), with 100 ms of its own between them; "
        "foo2 ran beside them"
    )


def test_a_wait_for_a_thread_is_for_the_calls_that_had_it(span: MakeSpan) -> None:
    """Three gathered calls share one thread: the last waited for both before it."""
    calls = [
        span(
            str(2 + place), "chop", 100 * place, 100 * (place + 1), "1",
            attributes={
                **task(2 + place), names.THREAD_ID: 7, names.THREAD_QUEUED_MS: 100.0 * place,
            },
        )
        for place in range(3)
    ]  # fmt: skip
    view = task(1, "0+300 1 gather 4 a.py:9 in view")
    request = span("1", "GET /", 0, 300, kind="server", attributes=view)
    found = verdict([request, *calls])
    assert path(found) == [("chop", 0, 100), ("chop", 100, 100), ("chop", 200, 100)]
    assert found.evidence == "recorded"
    (advice,) = found.advice
    assert (advice.change, advice.request_ms, advice.would_be_ms) == ("threads", 300, 100)
    # Without the wait, the one that ended last waited for nobody.
    alone = [replace(each, attributes=task(4)) if each is calls[2] else each for each in calls]
    assert path(verdict([request, *alone])) == [("GET /", 0, 200), ("chop", 200, 100)]


def test_without_a_record_the_same_trace_is_judged_by_its_times(span: MakeSpan) -> None:
    """foo2 ended as foo3 began: the verdict says that this is all it goes by."""
    found = verdict(jaeger_ui_2371(span, recorded=False))
    assert found.evidence == "timing"
    assert {each.evidence for each in found.critical_path} == {"timing"}
    assert {each.evidence for each in found.groups} == {"timing"}
    (why,) = found.why
    assert why.text == (
        "by times alone, main waited for foo2, then foo3 (500 of 500 ms); foo1 ran beside them"
    )


def test_a_lock_leads_to_the_task_that_held_it(span: MakeSpan) -> None:
    """Two gathered tasks take turns: the second one's wait is the first one's work."""
    root = task(1, "0+200 1 gather 3")
    found = verdict(
        [
            span("1", "GET /", 0, 200, kind="server", attributes=root),
            span("2", "first", 0, 100, "1", attributes=task(2)),
            span("3", "second", 0, 200, "1", attributes=task(3, "0+100 3 lock 2")),
        ]
    )
    assert path(found) == [("first", 0, 100), ("second", 100, 100)]
    assert found.evidence == "recorded"


def test_what_nobody_awaited_is_not_on_the_path(span: MakeSpan) -> None:
    """A task that ended just before the response is beside it; by times, it would be its cause."""
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1)),
        span("2", "audit", 0, 99, "1", attributes=task(2)),
    ]
    assert path(verdict(spans)) == [("GET /", 0, 100)]
    without = [replace(each, attributes={}) for each in spans]
    assert path(verdict(without)) == [("audit", 0, 99), ("GET /", 99, 1)]


def test_short_waits_which_are_not_recorded_are_judged_by_times(span: MakeSpan) -> None:
    """Two queries in 5 ms: the trace can't say more. A longer one's wait would be there."""
    for length, expected in ((4.9, ["GET /", "b", "GET /"]), (5, ["GET /"])):
        spans = [
            span("1", "GET /", 0, 60, kind="server", attributes=task(1)),
            span("2", "a", 30, 32, "1", attributes=task(2)),
            span("3", "b", 30, 30 + length, "1", attributes=task(3)),
            span("4", "c", 40, 55, "1", attributes=task(4)),
        ]
        if length == 5:
            del spans[1]
        found = verdict(spans)
        assert [each.span for each in found.critical_path] == expected
        evidence = ["timing" if each.span == "b" else "recorded" for each in found.critical_path]
        assert [each.evidence for each in found.critical_path] == evidence
        assert found.evidence == ("recorded" if length == 5 else "timing")


def test_a_short_span_that_began_during_a_wait_for_a_thread_is_passed_over(span: MakeSpan) -> None:
    """The one that waited is on the path from its begin, and no instant is on it twice."""
    queued = {names.THREAD_CALLS: 1, names.THREAD_QUEUED_MS: 2.0}
    found = verdict(
        [
            span("1", "main", 0, 10, attributes=task(1)),
            span("2", "in a thread", 1, 4, "1", attributes=task(2) | queued),
            span("3", "short", 2, 3, "1", attributes=task(3)),
        ]
    )
    assert path(found) == [("main", 0, 1), ("in a thread", 1, 3), ("main", 4, 6)]


def test_a_full_list_of_waits_may_lack_shorter_ones(span: MakeSpan) -> None:
    """Of more than 32 the shortest are dropped: spans shorter than those are judged by times."""
    kept = [f"{20 * n}+10 1 await 2" for n in range(32)]
    for waits, is_on_path in ((kept, True), (kept[1:], False)):
        spans = [
            span("1", "GET /", 0, 1000, kind="server", attributes=task(1, *waits)),
            span("2", "a", 0, 10, "1", attributes=task(9)),
            span("3", "b", 641, 650, "1", attributes=task(3)),
        ]
        on_path = {each.span for each in verdict(spans).critical_path}
        assert ("b" in on_path) is is_on_path


def test_a_service_without_a_record_is_judged_by_times(span: MakeSpan) -> None:
    """The verdict as a whole is then by times, and says for each part what it is."""
    one = {names.PROCESS_PID: 1}
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1), resource=one),
        span("2", "GET", 10, 90, "1", kind="client", resource=one),
        span("3", "GET /api", 10, 90, "2", kind="server", service="api"),
        span("4", "x", 10, 40, "3", service="api"),
        span("5", "y", 50, 90, "3", service="api"),
    ]
    found = verdict(spans)
    assert found.evidence == "timing"
    assert [(each.span, each.evidence) for each in found.critical_path] == [
        ("GET /", "recorded"), ("x", "timing"), ("GET /api", "timing"), ("y", "timing"),
        ("GET /", "recorded"),
    ]  # fmt: skip
    assert [(each.parent, each.evidence) for each in found.groups] == [
        ("GET /", "recorded"), ("GET /api", "timing"),
    ]  # fmt: skip
    assert verdict(spans[:3]).evidence == "recorded"


def test_a_task_may_wait_in_another_span_than_it_was_made_in(span: MakeSpan) -> None:
    """It was made by the request, and awaited in a step of it: only while that step waited."""
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1)),
        span("2", "early", 0, 60, "1", attributes=task(2)),
        span("3", "step", 30, 100, "1", attributes={names.AWAIT_EDGES: _in_us("10+20 1 await 2")}),
    ]
    assert path(verdict(spans)) == [
        ("GET /", 0, 30), ("step", 30, 10), ("early", 40, 20), ("step", 60, 40),
    ]  # fmt: skip
    tree = repair(spans)  # the path of the step alone holds nothing that is not below it
    step = [each.name for each in tree.spans].index("step")
    assert [index for index, _, _ in request_path(tree, step).segments] == [step]


def test_a_task_without_spans_leads_on_to_what_it_waited_for(span: MakeSpan) -> None:
    """`gather(helper())`, where the helper gathers the calls."""
    edges = ("0+100 1 gather 2", "0+100 2 gather 3")
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1, *edges)),
        span("2", "call", 0, 100, "1", attributes=task(3)),
    ]
    assert path(verdict(spans)) == [("call", 0, 100)]


def test_a_request_within_a_process_of_its_caller_has_a_path_of_its_own(span: MakeSpan) -> None:
    """What its tasks waited for is looked for below it, and found there."""
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1)),
        span("2", "GET", 0, 100, "1", kind="client"),
        span("3", "GET /inner", 0, 100, "2", kind="server", attributes=task(5)),
        span("4", "early", 0, 60, "3", attributes=task(6)),
        span("5", "step", 30, 100, "3", attributes={names.AWAIT_EDGES: _in_us("10+20 5 await 6")}),
    ]
    tree = repair(spans)
    (inner,) = [i for i, each in enumerate(tree.spans) if each.name == "GET /inner"]
    found = request_path(tree, inner).segments
    assert [tree.spans[index].name for index, _, _ in found] == [
        "GET /inner", "step", "early", "step",
    ]  # fmt: skip


def test_a_circle_of_waits_ends(span: MakeSpan) -> None:
    """Each of two tasks waits for the other: no such thing happens, but a trace may say it."""
    edges = [f"0+100 {a} lock {b}" for a, b in ((1, 2), (2, 3), (3, 2))]
    spans = [
        span("1", "GET /", 0, 100, kind="server", attributes=task(1, *edges)),
        span("2", "a", 0, 50, "1", attributes=task(2)),
        span("3", "b", 0, 50, "1", attributes=task(3)),
    ]
    assert sum(each.ms for each in verdict(spans).critical_path) == 100


@pytest.mark.parametrize(
    "text", ["", "x", "1+2", "0+100 1 gather", "0+100 1 gather -2", "9" * 999, "0+9 1 a\n0+9 2 3 4"]
)
def test_what_is_no_edge_is_ignored(span: MakeSpan, text: str) -> None:
    """A trace may hold anything."""
    attributes = {names.AWAIT_TASK: 1, names.AWAIT_EDGES: text}
    assert path(verdict([span("1", "GET /", 0, 100, attributes=attributes)])) == [("GET /", 0, 100)]


# --- programs of tasks, played in virtual time ---------------------------------------

Step = tuple[str, Any]


def programs(depth: int = 3) -> st.SearchStrategy[list[Step]]:
    """Return what a task does, step by step. Durations are multiples of 10 ms."""
    length = st.integers(1, 9).map(lambda n: 10 * n)
    steps: list[st.SearchStrategy[Step]] = [
        st.tuples(st.just("sleep"), length),
        st.tuples(st.just("await"), st.integers(0, 3)),
    ]
    if depth:
        inner = st.deferred(lambda: programs(depth - 1))
        steps += [
            st.tuples(st.just("span"), inner),
            st.tuples(st.just("gather"), st.lists(inner, min_size=1, max_size=3)),
            st.tuples(st.just("start"), inner),
        ]
    return st.lists(st.one_of(steps), min_size=1, max_size=4)


class Play:
    """Runs a program in virtual time: its spans, and whose time each millisecond was."""

    def __init__(self, program: list[Step]) -> None:
        self.spans: list[dict[str, Any]] = []
        self.tasks = 0
        root = self.open(0, None, 0)
        self.tasks = 1
        end, self.owners, _ = self.run(program, 0, root, 1)
        root["end"] = end

    def open(self, start: int, parent: str | None, number: int) -> dict[str, Any]:
        found = {
            "id": str(len(self.spans) + 1), "start": start, "parent": parent, "number": number,
            "edges": [],
        }  # fmt: skip
        self.spans.append(found)
        return found

    def run(
        self, program: list[Step], now: int, current: dict[str, Any], number: int
    ) -> tuple[int, list[str], bool]:
        """Return when a task ends, whose time it was since it began, and whether it left a trace.

        The owner of a millisecond is a span's id, of what the task waited for or did.
        """
        owners: list[str] = []
        began, is_seen = now, False
        started: list[tuple[int, int, list[str], bool, int]] = []
        for kind, what in program:
            if kind == "sleep":
                owners += [current["id"]] * what
            elif kind == "span":
                inner = self.open(now, current["id"], number)
                inner["end"], more, _ = self.run(what, now, inner, number)
                owners += more
                is_seen = is_seen or inner["end"] > now
            elif kind == "start":
                started.append(self.start(what, now, current))
            elif kind == "gather":
                all_of_them = [self.start(each, now, current) for each in what]
                is_seen |= self.wait(max(all_of_them), "gather", now, current, number, owners)
            elif what < len(started):
                is_seen |= self.wait(started[what], "await", now, current, number, owners)
            now = began + len(owners)
        return now, owners, is_seen

    def start(
        self, program: list[Step], now: int, current: dict[str, Any]
    ) -> tuple[int, int, list[str], bool, int]:
        """Return when a new task ends, its number, its owners, and whether it left a trace."""
        self.tasks += 1
        number = self.tasks
        end, owners, is_seen = self.run(program, now, current, number)
        return end, number, owners, is_seen, now

    def wait(  # noqa: PLR0917  who waits for whom
        self, awaited: tuple[int, int, list[str], bool, int], how: str, now: int,
        current: dict[str, Any], number: int, owners: list[str],
    ) -> bool:  # fmt: skip
        """Add the time of a wait, and its edge; return whether there was one."""
        end, by, theirs, is_seen, began = awaited
        if end <= now:
            return False
        current["edges"].append(f"{now - current['start']}+{end - now} {number} {how} {by}")
        # What a task did that left no trace is not known: it is the waiting span's own time.
        owners += theirs[now - began :] if is_seen else [current["id"]] * (end - now)
        return True

    def trace(self) -> list[Span]:
        """Return the spans with their attributes."""
        numbers = {each["id"]: each["number"] for each in self.spans}
        numbers["1"] = 1
        found = []
        for each in self.spans:
            attributes: dict[str, Any] = {}
            if each["parent"] is None or numbers[each["parent"]] != numbers[each["id"]]:
                attributes[names.AWAIT_TASK] = numbers[each["id"]]
            if each["edges"]:
                attributes[names.AWAIT_EDGES] = "\n".join(map(_in_us, each["edges"]))
            found.append(
                Span(
                    "t",
                    each["id"],
                    f"s{each['id']}",
                    1 + each["start"] * MS,
                    1 + each["end"] * MS,
                    each["parent"],
                    attributes=attributes,
                )
            )
        return found


@settings(max_examples=300)
@given(programs())
def test_the_path_is_what_the_tasks_did(program: list[Step]) -> None:
    """For any program of tasks, each millisecond belongs to whom the awaited task was busy with."""
    play = Play(program)
    assume(play.owners and all(len(each["edges"]) < 32 for each in play.spans))
    found = verdict(play.trace())
    owners: list[str] = []
    for each in found.critical_path:
        assert each.start_ms == len(owners)
        owners += [each.span_id] * round(each.ms)
    assert owners == play.owners
    assert found.evidence == "recorded"
    assert all(one.span_id != other.span_id for one, other in pairwise(found.critical_path))
