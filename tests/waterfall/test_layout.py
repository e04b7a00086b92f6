import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap import names
from overlap.judge import Verdict, verdict
from overlap.trace import Event, Link, Span, Trace
from overlap.waterfall import Bar, Waterfall, layout


def lay(*spans: Span, **options: int) -> Waterfall:
    trace = Trace("f" * 32, spans)
    return layout(trace, verdict(trace), **options)


def bars(*spans: Span) -> dict[str, Bar]:
    return {bar.span.name: bar for bar in lay(*spans).bars}


def test_rows_stand_depth_first_and_children_by_their_start(span):
    """Whatever order the spans came in."""
    found = lay(
        span("late", 50, 60, "root"),
        span("below", 12, 18, "early"),
        span("root", 0, 100),
        span("early", 10, 20, "root"),
    )
    rows = [(bar.span.name, bar.depth, bar.start_ms, bar.end_ms) for bar in found.bars]
    assert rows == [
        ("root", 0, 0, 100),
        ("early", 1, 10, 20),
        ("below", 2, 12, 18),
        ("late", 1, 50, 60),
    ]
    assert found.total_ms == 100


def test_siblings_that_overlap_are_told_from_those_that_follow(span):
    """As the verdict's stages have it, name by name."""
    found = bars(
        span("view", 0, 100, kind="server"),
        span("get_flavor", 0, 30, "view"),
        span("get_smokables", 0, 60, "view"),
        span("smoke", 61, 99, "view"),
        span("only child", 62, 98, "smoke"),
    )
    assert {name for name, bar in found.items() if bar.concurrent} == {
        "get_flavor",
        "get_smokables",
    }
    assert {name for name, bar in found.items() if bar.serial} == {"smoke"}


def test_a_block_is_a_shade_and_no_row(span):
    """With its culprit's words; its parent is the row that held the loop."""
    found = lay(
        span("view", 0, 100, kind="server"),
        span("oversmoke", 1, 99, "view"),
        span(
            "b",
            2,
            98,
            "oversmoke",
            name=names.SPAN_BLOCKED,
            attributes={
                names.CODE_FILE_PATH: "app/views.py",
                names.CODE_LINE_NUMBER: 9,
                names.CODE_FUNCTION_NAME: "oversmoke",
            },
        ),
    )
    assert [(bar.span.name, bar.culprit) for bar in found.bars] == [
        ("view", False),
        ("oversmoke", True),
    ]
    [shade] = found.blocked
    assert (shade.start_ms, shade.end_ms) == (2, 98)
    assert shade.culprit == "app/views.py:9 in oversmoke"


def test_who_waited_for_the_loop_is_marked_and_who_held_it_is_not(span):
    """In flight while it stood still, or kept out until it went on; client and server then."""
    found = bars(
        span("root", 0, 120, service="overlap-play"),
        span("asks", 0, 110, "root", kind="client", service="overlap-play"),
        span("view", 1, 109, "asks", kind="server"),
        span("b", 5, 100, "view", name=names.SPAN_BLOCKED),
        span("neighbour", 10, 108, "root", kind="client", service="overlap-play"),
        span("kept out", 101, 107, "neighbour", kind="server"),
        span("early", 2, 104, "root", kind="client", service="overlap-play"),
        span("in flight", 3, 103, "early", kind="server"),
        span("afterwards", 111, 119, "root", kind="client", service="overlap-play"),
        span("unharmed", 112, 118, "afterwards", kind="server"),
    )
    waited = {name for name, bar in found.items() if bar.victim}
    assert waited == {"neighbour", "kept out", "in flight"}


def test_a_link_from_the_block_marks_its_victim(span):
    """Where the instrument knows more than the times say; a backend may keep the link alone."""
    link = Link("f" * 32, "v", {})
    found = bars(
        span("view", 0, 50, kind="server"),
        span("b", 5, 40, "view", name=names.SPAN_BLOCKED, links=(link,)),
        span("v", 0, 1, "view"),
    )
    assert found["v"].victim


def test_work_past_its_response_carries_the_responses_end(span):
    """Its own service's response, by more than a millisecond."""
    found = bars(
        span("asks", 0, 30, kind="client", service="overlap-play"),
        span("view", 1, 20, "asks", kind="server"),
        span("task", 2, 90, "view"),
        span("call", 30, 80, "task", kind="client"),
        span("tail", 2, 20.5, "view"),
        span("upstream", 31, 79, "call", kind="server", service="httpbin"),
    )
    past = {name: bar.response_end_ms for name, bar in found.items() if bar.background}
    assert past == {"task": 20, "call": 20}
    assert found["upstream"].response_end_ms is None


def test_work_on_another_thread_carries_its_name(span):
    """Another than its parent's, in the same service."""

    def thread(number: int) -> dict[str, object]:
        return {names.THREAD_ID: number, names.THREAD_NAME: f"thread-{number}"}

    found = bars(
        span("view", 0, 50, kind="server", attributes=thread(1)),
        span("work", 1, 40, "view", attributes=thread(2)),
        span("part", 2, 30, "work", attributes=thread(2)),
    )
    assert [name for name, bar in found.items() if bar.offloaded] == ["work"]
    assert found["work"].thread == "thread-2"


def test_a_tasks_start_is_a_row_only_if_nothing_else_is_left_of_it(span):
    """A start with an end has no row; one without is the lost task's."""
    task = {names.TASK_ID: "1"}
    ended = {**task, names.TASK_END: names.TASK_DONE}
    kept = lay(
        span("view", 0, 10, kind="server"),
        span("m", 1, 1, "view", name=names.SPAN_TASK_STARTED, attributes=task),
        span("task", 1, 40, "view", attributes=ended),
    )
    gone = lay(
        span("view", 0, 10, kind="server"),
        span("m", 1, 1, "view", name=names.SPAN_TASK_STARTED, attributes=task),
    )
    assert [(bar.span.name, bar.lost) for bar in kept.bars] == [("view", False), ("task", False)]
    assert [(bar.span.name, bar.lost) for bar in gone.bars] == [
        ("view", False),
        (names.SPAN_TASK_STARTED, True),
    ]


def test_events_stand_in_order_and_inside_the_trace(span):
    """An event from before the trace is drawn at its start."""
    found = bars(span("view", 10, 50, events=[("second", 30), ("first", 20), ("stray", 1)]))
    marks = [(mark.event.name, mark.ms) for mark in found["view"].events]
    assert marks == [("stray", 0), ("first", 10), ("second", 20)]


def test_marks_the_unended_errors_and_neighbours_are_known(span):
    """Each by its own field."""
    found = bars(
        span("root", 0, 50),
        span("mark", 5, 5, "root"),
        span("open", 6, None, "root"),
        span("bad", 7, 9, "root", status="error"),
        span("n", 8, 9, "root", attributes={names.NEIGHBOUR: True}),
    )
    assert [name for name, bar in found.items() if bar.mark] == ["mark"]
    assert [name for name, bar in found.items() if bar.unended] == ["open"]
    assert found["open"].end_ms == 50
    assert [name for name, bar in found.items() if bar.error] == ["bad"]
    assert [name for name, bar in found.items() if bar.neighbour] == ["n"]


def test_rows_past_the_limit_are_counted(span):
    """Not drawn, and not forgotten."""
    found = lay(span("root", 0, 100), *(span(f"c{i}", i, i + 1, "root") for i in range(9)), limit=4)
    assert [bar.span.name for bar in found.bars] == ["root", "c0", "c1", "c2"]
    assert found.omitted == 6


def test_nothing_has_a_layout_too():
    """No span, no row."""
    assert layout(Trace("f" * 32, ()), Verdict("f" * 32, [])) == Waterfall(total_ms=0.0)


def test_ten_thousand_levels_are_laid_out(span):
    """Depth is bounded by memory, not by recursion; each level another service."""
    spans = [
        span(f"s{i}", i, 30_000 - i, f"s{i - 1}" if i else None, kind="server", service=f"v{i}")
        for i in range(10_000)
    ]
    found = lay(*spans, limit=20_000)
    assert found.bars[-1].depth == 9_999


def test_clock_skew_is_drawn_as_it_was_mended(span):
    """A server span before its client span is moved into it, its events with it."""
    found = bars(
        span("asks", 1000, 1100, kind="client", service="a"),
        span("answers", 0, 50, "asks", kind="server", service="b", events=[("e", 10)]),
    )
    bar = found["answers"]
    assert bar.start_ms >= 0
    assert bar.end_ms <= 100
    assert bar.events[0].ms == pytest.approx(bar.start_ms + 10)


times = st.one_of(st.integers(0, 60), st.integers(0, 2**64 - 1))
ids = st.sampled_from([f"{i}" for i in range(8)])
values = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=3), st.binary(max_size=2)
)
keys = st.sampled_from(
    [names.TASK_ID, names.TASK_END, names.THREAD_ID, names.THREAD_NAME, names.NEIGHBOUR,
     names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.BLOCKED_MS]
)  # fmt: skip
soup = st.lists(
    st.builds(
        Span,
        trace_id=st.sampled_from(["t", "u"]),
        span_id=ids,
        name=st.sampled_from(["a", "b", "", names.SPAN_BLOCKED, names.SPAN_TASK_STARTED]),
        start_ns=times,
        end_ns=st.one_of(st.none(), times),
        parent_id=st.one_of(st.none(), ids),
        kind=st.sampled_from(["internal", "server", "client"]),
        service=st.sampled_from(["a", "b"]),
        attributes=st.dictionaries(keys, values, max_size=4),
        events=st.lists(st.builds(Event, name=st.text(max_size=3), time_ns=times), max_size=2).map(
            tuple
        ),
        links=st.lists(
            st.builds(
                Link,
                trace_id=st.just("t"),
                span_id=ids,
                attributes=st.just({names.LINK_KIND: names.LINK_VICTIM}),
            ),
            max_size=2,
        ).map(tuple),
        status=st.sampled_from(["unset", "error"]),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(soup)
def test_any_soup_of_spans_has_a_layout_inside_its_time(spans):
    """Every bar, event and shade lies in [0, total]; every span is a row, a shade or a start."""
    found = lay(*spans)
    inside = [(bar.start_ms, bar.end_ms) for bar in found.bars]
    inside += [(shade.start_ms, shade.end_ms) for shade in found.blocked]
    inside += [(mark.ms, mark.ms) for bar in found.bars for mark in bar.events]
    assert all(0 <= start <= end <= found.total_ms for start, end in inside)
    for bar in found.bars:
        assert bar.response_end_ms is None or 0 <= bar.response_end_ms < bar.end_ms
    rows = [bar.span.span_id for bar in found.bars]
    assert len(rows) == len(set(rows))
    drawn = len(rows) + len(found.blocked)
    starts = sum(span.name == names.SPAN_TASK_STARTED for span in spans)
    ids = {span.span_id for span in spans}
    clients = {span.span_id for span in spans if span.kind == "client"}
    # A server span that shares the id of its client is a row of its own.
    shared = {span.span_id for span in spans if span.kind == "server"} & clients
    assert drawn <= len(ids) + len(shared) <= drawn + starts


def test_the_critical_path_is_marked_on_the_bars_that_decide_the_end(span):
    """Own time of each span on it, from the trace's start; what nobody waited for has none."""
    found = bars(
        span("scenario", 0, 200, attributes={names.SCENARIO_NAME: "x"}),
        span("client", 10, 110, "scenario", kind="client"),
        span("server", 20, 100, "client", kind="server"),
        span("quick", 20, 40, "server"),
        span("slow", 20, 90, "server"),
    )
    assert {name: bar.path for name, bar in found.items() if bar.path} == {
        "slow": ((20, 90),),
        "server": ((90, 100),),
    }
