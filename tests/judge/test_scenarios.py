"""The verdict of one small trace for each lesson, whole."""

from collections.abc import Callable

from overlap import names, verdict
from overlap.judge import (
    Background,
    Blocked,
    Group,
    Offloaded,
    PathSegment,
    Requests,
    SelfTime,
    Verdict,
    Why,
)
from overlap.judge.summary import sentence
from overlap.trace import Span, Trace

MakeSpan = Callable[..., Span]
TRACE_ID = "f" * 32


def test_a_gather_and_what_follows_are_two_stages(span: MakeSpan) -> None:
    """Two at once, then one: two stages, 1.5 times the work in the first, peak two."""
    trace = Trace(
        TRACE_ID,
        (
            span("1", "GET /smoke_some_meats/", 0, 2600, kind="server"),
            span("2", "get_smokables", 1, 2001, "1"),
            span("3", "get_flavor", 1, 1001, "1"),
            span("4", "smoke", 2002, 2502, "1"),
        ),
    )
    assert verdict(trace) == Verdict(
        TRACE_ID,
        ["concurrent"],
        groups=[
            Group(
                parent="GET /smoke_some_meats/",
                parent_id="1",
                stages=[["get_flavor", "get_smokables"], ["smoke"]],
                overlap_factor=1.5,
                peak=2,
                wall_ms=2501.0,
                work_ms=3500.0,
                critical_path=["get_smokables", "smoke"],
                parent_ms=2600.0,
                shape="concurrent",
                stage_ids=[["3", "2"], ["4"]],
                critical_path_ids=["2", "4"],
            )
        ],
        requests=[Requests("GET /smoke_some_meats/", 1, 2600.0, 2600.0)],
        why=[
            Why(
                "by times alone, the response waited for get_smokables, then smoke "
                "(2.50 of 2.60 s); get_flavor ran beside them",
                ["1", "2", "4", "3"],
            )
        ],
        critical_path=[
            PathSegment(name, span_id, "smokehouse", start, ms)
            for name, span_id, start, ms in (
                ("GET /smoke_some_meats/", "1", 0.0, 1.0),
                ("get_smokables", "2", 1.0, 2000.0),
                ("GET /smoke_some_meats/", "1", 2001.0, 1.0),
                ("smoke", "4", 2002.0, 500.0),
                ("GET /smoke_some_meats/", "1", 2502.0, 98.0),
            )
        ],
        self_time=[
            SelfTime("get_smokables", "2", "smokehouse", 2000.0, round(2000 / 2600, 6)),
            SelfTime("smoke", "4", "smokehouse", 500.0, round(500 / 2600, 6)),
            SelfTime("GET /smoke_some_meats/", "1", "smokehouse", 100.0, round(100 / 2600, 6)),
        ],
        uncovered_ms=100.0,
    )


def test_one_after_the_other_is_serial(span: MakeSpan) -> None:
    """Three in a row that fill their parent: three stages of one, factor 1."""
    found = verdict(
        [
            span("1", "GET /", 0, 3100, kind="server"),
            span("2", "get_smokables", 0, 2000, "1"),
            span("3", "get_flavor", 2000, 3000, "1"),
            span("4", "smoke", 3001, 3100, "1"),
        ]
    )
    assert found.shapes == ["serial"]
    assert found.groups == [
        Group(
            parent="GET /",
            parent_id="1",
            stages=[["get_smokables"], ["get_flavor"], ["smoke"]],
            overlap_factor=1.0,
            peak=1,
            wall_ms=3100.0,
            work_ms=3099.0,
            critical_path=["get_smokables", "get_flavor", "smoke"],
            parent_ms=3100.0,
            shape="serial",
            stage_ids=[["2"], ["3"], ["4"]],
            critical_path_ids=["2", "3", "4"],
        )
    ]


def test_a_row_in_a_small_part_of_its_parent_is_not_serial(span: MakeSpan) -> None:
    """A row that is less than a third of its parent's time does not make the trace serial."""
    found = verdict(
        [span("1", "p", 0, 1000), span("2", "a", 0, 200, "1"), span("3", "b", 200, 333, "1")]
    )
    assert found.shapes == ["single"]
    third = verdict(
        [span("1", "p", 0, 1000), span("2", "a", 0, 200, "1"), span("3", "b", 200, 334, "1")]
    )
    assert third.shapes == ["serial"]


def test_what_lies_between_two_short_spans_is_no_row(span: MakeSpan) -> None:
    """A form that hashes a password between two queries took its time elsewhere; and where
    another span of the trace is serial, it is that one that the sentence names."""
    login = [
        span("1", "POST /admin/login/", 0, 400),
        span("2", "SELECT session", 5, 15, "1"),
        span("3", "UPDATE user", 380, 390, "1"),
    ]
    assert verdict(login).shapes == ["single"]
    row = [
        span("4", "menu", 10, 15, "2"),
        *(span(f"{n}", f"dish {n}", n + 6, n + 8, "4") for n in (5, 7)),
    ]
    found = verdict([*login, *row])
    assert found.shapes == ["serial"]
    assert "dish 5 and dish 7 ran one after another" in sentence(found)


def test_a_burnt_loop_names_its_culprit_and_three_victims(span: MakeSpan) -> None:
    """Neighbours that a blocked loop kept waiting are its victims; the culprit's request is not."""
    code = {
        names.CODE_FILE_PATH: "app/views/burning.py",
        names.CODE_LINE_NUMBER: 14,
        names.CODE_FUNCTION_NAME: "oversmoke",
        names.BLOCKED_MS: 4990.25,
    }
    spans = [
        span(
            "1", "scenario burn", 0, 5010, attributes={names.SCENARIO_NAME: "burn"}, service="play"
        ),
        span("2", "GET", 1, 5005, "1", kind="client", service="play"),
        span("3", "GET /burn_some_meats/", 3, 5004, "2", kind="server"),
        span("4", "oversmoke", 4, 5003, "3"),
        span("5", names.SPAN_BLOCKED, 5, 5000, "4", attributes=code),
        span("6", names.SPAN_TASK_STARTED, 5, 5, "4"),
    ]
    for number, sent in enumerate((500, 1000, 1500)):
        spans += [
            span(f"c{number}", "GET", sent, 5008, "1", kind="client", service="play"),
            span(f"s{number}", "GET /", 5001 + number, 5002 + number, f"c{number}", kind="server"),
        ]
    # Sent before the block and served after it, and one of another service: no victims.
    spans += [
        span("d1", "GET", 2, 5008, "1", kind="client", service="play"),
        span("d2", "GET /early", 5001, 5002, "d1", kind="server"),
        span("e1", "GET /elsewhere", 100, 200, None, kind="server", service="httpbin"),
    ]
    found = verdict(spans)
    assert found.blocked == [
        Blocked(
            4990.25,
            "app/views/burning.py:14 in oversmoke",
            ["GET /", "GET /", "GET /"],
            "5",
            ["s0", "s1", "s2"],
        )
    ]
    assert found.shapes == ["blocking"]
    assert [group.parent for group in found.groups] == ["GET /burn_some_meats/"]


def test_a_request_in_flight_is_a_victim_and_the_culprits_parent_is_not(span: MakeSpan) -> None:
    """Who is in flight while the loop is blocked waits, unless the block is part of it."""
    found = verdict(
        [
            span("1", "GET /outer", 0, 100, kind="server"),
            span("2", "GET /inner", 5, 90, "1", kind="server"),
            span("3", names.SPAN_BLOCKED, 10, 50, "2"),
            span("4", "GET /slow", 2, 60, kind="server"),
            span("5", "GET /before", 0, 10, kind="server"),
            span("6", "GET /after", 50, 70, kind="server"),
        ]
    )
    assert found.blocked == [Blocked(40.0, "GET /inner", ["GET /slow"], "3", ["4"])]


def test_each_block_of_a_request_lists_its_own_victims(span: MakeSpan) -> None:
    """Two blocks, one request that came for the second only."""
    found = verdict(
        [
            span("1", "GET /burn", 0, 100, kind="server"),
            span("2", names.SPAN_BLOCKED, 0, 40, "1"),
            span("3", names.SPAN_BLOCKED, 50, 90, "1"),
            span("4", "GET /", 45, 95, kind="server"),
        ]
    )
    assert [block.victims for block in found.blocked] == [[], ["GET /"]]


def test_a_block_of_another_process_has_no_victims_here(span: MakeSpan) -> None:
    """Two workers of one service: a block holds up its own requests only."""
    one, other = {names.PROCESS_PID: 1}, {names.PROCESS_PID: "2"}
    spans = [
        span("1", "GET /burn", 0, 100, kind="server", resource=one),
        span("2", names.SPAN_BLOCKED, 10, 90, "1", resource=one),
        span("3", "GET /same", 10, 90, kind="server", resource=one),
        span("4", "GET /other", 10, 90, kind="server", resource=other),
        span("5", "GET /unknown", 10, 90, kind="server"),
    ]
    assert verdict(spans).blocked[0].victims == ["GET /same", "GET /unknown"]
    spans[1] = span("2", names.SPAN_BLOCKED, 10, 90, "1")
    assert verdict(spans).blocked[0].victims == ["GET /same", "GET /other", "GET /unknown"]


def test_work_past_the_response_is_background(span: MakeSpan) -> None:
    """A span that ends over 1 ms after its service's server span; not those below it again."""
    found = verdict(
        [
            span("1", "GET /async/", 0, 2, kind="server"),
            span("2", "http_call_async", 1, 5002, "1"),
            span("3", "GET", 4000, 5001, "2", kind="client"),
            span("4", "GET /", 4001, 5000, "3", kind="server", service="httpbin"),
            span("5", "tidy", 1, 3, "1"),
            span("6", "mark", 900, 900, "1"),
        ]
    )
    assert found.background == [Background("http_call_async", 5000.0, "2")]
    assert "background" in found.shapes


def test_a_service_called_back_is_measured_by_its_own_server_span(span: MakeSpan) -> None:
    """The server span that counts is the nearest of the same service, past others on the way."""
    found = verdict(
        [
            span("1", "a", 0, 10, kind="server", service="a"),
            span("2", "b", 1, 500, "1", kind="server", service="b"),
            span("3", "a again", 2, 20, "2", service="a"),
        ]
    )
    assert found.background == [Background("a again", 10.0, "3")]


def test_work_in_a_thread_is_offloaded(span: MakeSpan) -> None:
    """Another thread than the parent's, in the same process, is told by the thread's name."""
    loop = {names.THREAD_ID: 1, names.THREAD_NAME: "MainThread"}
    pool = {names.THREAD_ID: 7, names.THREAD_NAME: "asyncio_0"}
    found = verdict(
        [
            span("1", "GET /sync/", 0, 100, kind="server", attributes=loop),
            span("2", "http_call_sync", 1, 99, "1", attributes=pool),
            span("3", "same", 2, 98, "2", attributes={names.THREAD_ID: "7"}),
            span("4", "nameless", 3, 97, "2", attributes={names.THREAD_ID: 8}),
            span("5", "elsewhere", 4, 96, "2", attributes={names.THREAD_ID: 9}, service="other"),
            span("6", names.SPAN_BLOCKED, 4, 96, "1", attributes={names.THREAD_ID: 10}),
            span("7", names.SPAN_HUNG, 54, 54, "1", attributes={names.THREAD_ID: 10}),
            span("8", names.SPAN_TASK_DROPPED, 97, 97, "1", attributes={names.THREAD_ID: 8}),
        ]
    )
    assert found.offloaded == [
        Offloaded("http_call_sync", "asyncio_0", "2"),
        Offloaded("nameless", "8", "4"),
    ]
    assert "offloaded" in found.shapes


def test_threads_of_two_processes_are_not_compared(span: MakeSpan) -> None:
    """The same service in two processes: their thread ids have nothing to do with each other."""
    found = verdict(
        [
            span("1", "a", 0, 9, attributes={names.THREAD_ID: 1}, resource={names.PROCESS_PID: 1}),
            span(
                "2",
                "b",
                1,
                8,
                "1",
                attributes={names.THREAD_ID: 2},
                resource={names.PROCESS_PID: 2},
            ),
        ]
    )
    assert found.shapes == ["single"]


def test_tasks_without_an_end_are_lost(span: MakeSpan) -> None:
    """Lost: recorded as such, started and not heard of again, or without an end; each once."""

    def task(number: int, end: str | None = None) -> dict[str, str]:
        known = {names.TASK_ID: str(number), names.TASK_NAME: f"task {number}"}
        return known | ({names.TASK_END: end} if end else {})

    found = verdict(
        [
            span("r", "GET", 0, 100, kind="server"),
            *(
                span(f"m{i}", names.SPAN_TASK_STARTED, 1, 1, "r", attributes=task(i))
                for i in range(4)
            ),
            span("0", "done", 1, 50, "r", attributes=task(0, "done")),
            span("1", "lost", 1, 50, "r", attributes=task(1, "lost")),
            span("3", "unended", 1, None, "r", attributes=task(3)),
            span("4", "nameless", 1, 50, "r", attributes={names.TASK_END: "lost"}),
        ]
    )
    assert found.lost == ["nameless", "task 1", "task 2", "task 3"]
    assert "lost" in found.shapes


def test_one_span_is_single(span: MakeSpan) -> None:
    """Nothing to compare: single, and nothing to warn of."""
    found = verdict([span("1", "GET /", 0, 1, kind="server")])
    assert found == Verdict(
        TRACE_ID,
        ["single"],
        requests=[Requests("GET /", 1, 1.0, 1.0)],
        critical_path=[PathSegment("GET /", "1", "smokehouse", 0.0, 1.0)],
        self_time=[SelfTime("GET /", "1", "smokehouse", 1.0, 1.0)],
        uncovered_ms=1.0,
    )


def test_a_request_from_its_two_ends_is_no_group(span: MakeSpan) -> None:
    """A client span whose only child is its server span is left out; other only children not."""
    found = verdict(
        [
            span("1", "view", 0, 100),
            span("2", "GET", 1, 99, "1", kind="client"),
            span("3", "GET /", 2, 98, "2", kind="server", service="httpbin"),
        ]
    )
    assert [(group.parent, group.stages) for group in found.groups] == [("view", [["GET"]])]


def test_shapes_come_in_one_order(span: MakeSpan) -> None:
    """A trace may have several shapes; they are listed as SHAPES lists them."""
    found = verdict(
        [
            span("1", "GET", 0, 100, kind="server"),
            span("2", "a", 0, 300, "1"),
            span("3", "b", 0, 50, "1"),
            span("4", "c", 0, 100, "2"),
            span("5", "d", 100, 300, "2"),
            span("6", names.SPAN_BLOCKED, 0, 100, "1"),
        ]
    )
    assert found.shapes == ["concurrent", "serial", "blocking", "background"]


def test_a_request_sent_as_the_block_ends_waited_for_it(span: MakeSpan) -> None:
    """The block's time includes its two ends; one sent after it is no victim."""
    spans = [
        span("1", "GET /burn", 0, 100, kind="server"),
        span("2", names.SPAN_BLOCKED, 10, 90, "1"),
    ]
    for sent in (9, 10, 90, 91):
        client = span(f"c{sent}", "GET", sent, 120, kind="client", service="play")
        spans += [client, span(f"s{sent}", f"sent at {sent}", 95, 99, f"c{sent}", kind="server")]
    assert verdict(spans).blocked[0].victims == ["sent at 10", "sent at 90"]


def test_what_was_cut_short_is_named(span: MakeSpan) -> None:
    """Spans marked as cancelled, and tasks whose end says so, in order of start."""
    found = verdict(
        [
            span("1", "GET /", 0, 9, kind="server"),
            span("3", "task", 2, 4, "1", attributes={names.TASK_END: "cancelled"}),
            span("2", "get_smokables", 1, 4, "1", attributes={names.CANCELLED: True}),
            span("4", "get_flavor", 1, 4, "1", attributes={names.CANCELLED: "no"}),
        ]
    )
    assert found.cancelled == ["get_smokables", "task"]


def test_requests_of_one_name_are_a_row_with_their_times(span: MakeSpan) -> None:
    """Median and longest; of streams, the share of the time that went by before the first part."""
    found = verdict(
        [
            span("1", "GET /", 0, 10, kind="server"),
            span("2", "GET /", 1, 31, kind="server"),
            span("3", "GET /", 2, 22, kind="server"),
            span("4", "GET /a/", 3, 103, kind="server", attributes={names.FIRST_PART_MS: 25.0}),
            span("5", "GET /b/", 4, None, kind="server"),
        ]
    )
    assert found.requests == [
        Requests("GET /", 3, 20.0, 30.0),
        Requests("GET /a/", 1, 100.0, 100.0, first_part=0.25),
    ]
