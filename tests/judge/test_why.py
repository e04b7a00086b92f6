"""The reasons a verdict gives, on small traces made for each."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge import Why
from overlap.judge.summary import sentence
from overlap.trace import Link, Span

MakeSpan = Callable[..., Span]
LOOP = {names.THREAD_ID: 1, names.THREAD_NAME: "MainThread"}
SENSITIVE = {names.THREAD_SENSITIVE: True}
LEAN = {names.THREAD_ID: 7, names.THREAD_NAME: "lean-1_0"}


def texts(spans: Iterable[Span]) -> list[str]:
    """What is said, in order."""
    return [reason.text for reason in verdict(spans).why]


def test_what_ran_beside_the_critical_path_is_named(span: MakeSpan) -> None:
    """The response waited for the longer of two, and for what follows only if that takes time."""
    spans = [
        span("1", "GET /smoke_some_meats/", 0, 2030, kind="server"),
        span("2", "get_smokables", 1, 2001, "1"),
        span("3", "get_flavor", 1, 1001, "1"),
        span("4", "smoke", 2002, 2003, "1"),
    ]
    assert verdict(spans).why == [
        Why(
            "the response waited for get_smokables (2.00 of 2.03 s); get_flavor ran beside it",
            ["1", "2", "3"],
        )
    ]


@pytest.mark.parametrize(
    ("parent", "children", "because"),
    [
        (LOOP, LOOP, "each began only after the previous one ended"),
        (LOOP, LEAN, "all 3 are synchronous code in one thread"),
    ],
)
def test_a_serial_group_is_reported_with_its_reason(
    span: MakeSpan, parent: dict[str, Any], children: dict[str, Any], because: str
) -> None:
    """On the loop nobody gathered them; in a thread nobody could."""
    spans = [
        span("1", "GET /sync/", 0, 3100, kind="server", attributes=parent),
        span("2", "tick", 0, 1000, "1", attributes=children),
        span("3", "tick", 1000, 2000, "1", attributes=children),
        span("4", "GET", 2000, 3000, "1", attributes=children),
    ]
    said = (
        f"the response waited for 2 x tick, then GET (3.00 of 3.10 s), one after another: {because}"
    )
    assert texts(spans) == [said]


def test_gathered_queries_on_one_thread_are_reported_as_such(span: MakeSpan) -> None:
    """Asked for at once, run one after another: the time each waited for the thread is evidence."""
    spans = [span("1", "GET /orm/", 0, 310, kind="server", attributes=LOOP)]
    for number in range(3):
        attributes = LEAN | {
            names.THREAD_QUEUED_MS: 100.0 * number + 0.1,
            names.DB_SYSTEM: "sqlite",
            names.THREAD_SENSITIVE: True,
        }
        start = 2 + 100 * number
        spans.append(span(f"q{number}", "SELECT", start, start + 100, "1", attributes=attributes))
    waited, row = verdict(spans).why
    assert row.text == (
        "3 queries ran one after another although requested at once: "
        "Django's ORM ran them on one thread (lean-1_0) (300 of 300 ms)"
    )
    assert row.span_ids == ["q0", "q1", "q2"]
    assert waited.text.endswith("although requested at once: all 3 ran on one thread")


def test_queries_asked_for_one_by_one_are_no_gather(span: MakeSpan) -> None:
    """A loop that awaits each query waits for no thread."""
    spans = [span("1", "GET /orm/", 0, 310, kind="server", attributes=LOOP)]
    for number in range(3):
        attributes = LEAN | {names.THREAD_QUEUED_MS: 0.1, names.DB_SYSTEM: "sqlite"}
        start = 2 + 100 * number
        spans.append(span(f"q{number}", "SELECT", start, start + 99, "1", attributes=attributes))
    assert texts(spans) == [
        "the response waited for 3 x SELECT (297 of 310 ms), one after another: "
        "each began only after the previous one ended"
    ]


def test_work_that_had_to_wait_for_a_thread_says_so(span: MakeSpan) -> None:
    """A pool that is full: nothing in this trace ran there meanwhile."""
    late = {names.THREAD_QUEUED_MS: 800.0}
    given = LOOP | late | {names.THREAD_CALLS: 1}
    spans = [
        span("1", "GET /pool/", 0, 1000, kind="server", attributes=given),
        span("2", "work", 800, 999, "1", attributes=LEAN | late),
    ]
    assert texts(spans) == [
        "the response waited for work (0.20 of 1.00 s)",
        "work waited 800 ms for a free thread",
    ]
    assert "GET /pool/ waited 800 ms for a thread" in texts(spans[:1])
    spans[1] = span("2", "work", 800, 999, "1", attributes=LEAN | late | SENSITIVE)
    assert texts(spans)[1] == (
        "work waited 800 ms for the request's thread: "
        "thread-sensitive work of a request runs on one thread"
    )


def test_waits_that_may_have_passed_at_once_are_not_added_up(span: MakeSpan) -> None:
    """Three calls waited 800 ms each: no figure is longer than the request."""
    given = LOOP | {names.THREAD_QUEUED_MS: 2400.0, names.THREAD_CALLS: 3}
    assert texts([span("1", "GET /pool/", 0, 1000, kind="server", attributes=given)]) == [
        "1.00 of 1.00 s of the response have no span: up to 1.0 s waited for a thread",
        "GET /pool/ waited up to 1.0 s for a thread",
    ]


def test_work_that_takes_no_time_explains_nothing(span: MakeSpan) -> None:
    """A twentieth of the response is not what it waited for, and the rest is said to be unknown."""
    assert texts([span("1", "GET /", 0, 100, kind="server"), span("2", "a", 0, 5, "1")]) == [
        "95 of 100 ms of the response have no span: the trace does not show what happened there"
    ]


def test_of_a_part_without_spans_it_is_said_what_is_known(span: MakeSpan) -> None:
    """The figures of the lens and of the threads, less those of the spans below."""
    request = {
        names.LOOP_RUNNING_MS: 110.0,
        names.LOOP_READY_MS: 30.0,
        names.LOOP_AWAITING_MS: 617.0,
        names.LOOP_LONGEST_MS: 60.0,
        names.LOOP_LONGEST_LINE: "app/v.py:3 in f",
        names.THREAD_CALLS: 2,
        names.THREAD_RUNNING_MS: 300.0,
    }
    child = {names.LOOP_RUNNING_MS: 10.0, names.THREAD_ID: 1}
    spans = [
        span("1", "GET /", 0, 757, kind="server", attributes=LOOP | request),
        span("2", "a", 0, 100, "1", attributes=child),
    ]
    assert texts(spans)[1:] == [
        "657 of 757 ms of the response have no span: 100 ms ran on the event loop "
        "(longest step 60 ms, at app/v.py:3 in f), 30 ms waited for the event loop, "
        "up to 300 ms ran in a thread, 227 ms awaited something that has no span"
    ]
    assert verdict(spans).uncovered_ms == 657.0
    one = {names.THREAD_CALLS: 1, names.THREAD_RUNNING_MS: 300.0}
    spans = [
        span("1", "GET /", 0, 757, kind="server", attributes=LOOP | one),
        span("2", "a", 0, 280, "1", attributes=LEAN),
    ]
    assert texts(spans)[1:] == ["477 of 757 ms of the response have no span: 20 ms ran in a thread"]


def test_of_a_service_that_was_called_nothing_is_said_if_nothing_is_known(span: MakeSpan) -> None:
    """Its call is a span of the request; a lens of its own would say more."""
    spans = [
        span("1", "GET /", 0, 100, kind="server"),
        span("2", "GET", 0, 100, "1", kind="client"),
        span("3", "GET /api", 0, 100, "2", kind="server", service="api"),
    ]
    assert not any("no span" in text for text in texts(spans))
    ran = {names.LOOP_RUNNING_MS: 40.0}
    spans[2] = span("3", "GET /api", 0, 100, "2", kind="server", service="api", attributes=ran)
    assert any("of GET /api have no span: 40 ms ran" in text for text in texts(spans))


@pytest.mark.parametrize(
    ("length", "covered", "reported"),
    [(19.9, 0, False), (20, 0, True), (100, 81, False), (100, 80, True)],
)
def test_a_small_part_without_spans_is_not_reported(
    span: MakeSpan, length: float, covered: float, reported: bool
) -> None:
    """Below a fifth of the request, or in a request that nobody waits for."""
    spans = [span("1", "GET /", 0, length, kind="server")]
    if covered:
        spans.append(span("2", "a", 0, covered, "1"))
    assert any("have no span" in text for text in texts(spans)) is reported


def test_the_waits_for_a_block_are_known_without_a_span(span: MakeSpan) -> None:
    """A block below the request is a span; one elsewhere is what its links say."""
    request = span("1", "GET /", 0, 400, kind="server")
    block = span("2", names.SPAN_BLOCKED, 10, 390, "1")
    assert any("400 of 400 ms" in text for text in texts([request]))
    assert not any("no span" in text for text in texts([request, block]))


def burnt(span: MakeSpan, blocks: Iterable[tuple[float, float]], **code: Any) -> list[Span]:
    """A request that blocks the loop, and three that wait for it."""
    attributes = {
        names.CODE_FILE_PATH: "app/views/tutorial.py",
        names.CODE_LINE_NUMBER: 83,
        names.CODE_FUNCTION_NAME: "Oven.oversmoke",
        **code,
    }
    return [
        span("1", "GET /burn/", 0, 5000, kind="server"),
        *(
            span(f"b{number}", names.SPAN_BLOCKED, start, end, "1", attributes=attributes)
            for number, (start, end) in enumerate(blocks)
        ),
        *(span(f"n{number}", "GET /", 10, 4990, kind="server") for number in range(3)),
    ]


@pytest.mark.parametrize(
    ("kind", "did", "rest"),
    [
        (names.BLOCK_SLEEP, "slept", ""),
        (names.BLOCK_CPU, "computed", ""),
        (names.BLOCK_LOCK, "waited", " for a lock that a thread held"),
        (
            names.BLOCK_LOOP_FUTURE,
            "waited",
            " in Future.result(), for a future that only this loop can complete",
        ),
        (None, "ran", ""),
        ("nonsense", "ran", ""),
    ],
)
def test_who_stood_still_because_of_which_line(
    span: MakeSpan, kind: str | None, did: str, rest: str
) -> None:
    """The victims counted, the time, the function, what it did, and where."""
    told = verdict(burnt(span, [(0, 4800)], **{names.BLOCKED_KIND: kind})).why[0]
    assert told.text == (
        f"three requests were blocked for 4.8 s because oversmoke {did} on the event loop at "
        f"app/views/tutorial.py:83{rest}"
    )
    assert told.span_ids == ["b0", "n0", "n1", "n2"]


@pytest.mark.parametrize(
    ("kind", "collected", "cause"),
    [
        (
            names.BLOCK_COLLECTION,
            4000.0,
            "a full garbage collection paused the process (4.00 of 4.80 s) while oversmoke ran on "
            "the event loop at app/views/tutorial.py:83",
        ),
        (
            names.BLOCK_CPU,
            2000.0,
            "oversmoke computed on the event loop at app/views/tutorial.py:83, 2.00 of 4.80 s of "
            "it in a full garbage collection",
        ),
        (names.BLOCK_CPU, 40.0, "oversmoke computed on the event loop at app/views/tutorial.py:83"),
    ],
)
def test_a_full_collection_is_said_as_itself(
    span: MakeSpan, kind: str, collected: float, cause: str
) -> None:
    """With its share; where it is most of the block, no line is the culprit, and none is advised
    to leave the loop."""
    known = {names.BLOCKED_KIND: kind, names.BLOCKED_COLLECTION_MS: collected}
    found = verdict(burnt(span, [(0, 4800)], **known))
    assert found.why[0].text == f"three requests were blocked for 4.8 s because {cause}"
    own = kind == names.BLOCK_COLLECTION
    assert (found.blocked[0].culprit == "a full garbage collection") is own
    assert [item.change for item in found.advice] == ([] if own else ["off_loop"])
    assert ("was blocked for 4.8 s by a full garbage collection" in sentence(found)) is own


def test_whose_code_blocked_is_said(span: MakeSpan) -> None:
    """A background task by its name; code that ran for no request; of a request nothing more."""
    code = {names.CODE_FILE_PATH: "jobs.py", names.CODE_FUNCTION_NAME: "tidy"}
    request = span("1", "GET /", 0, 5000, kind="server")
    task = span("2", "send_mail", 0, 3000, "1", attributes={names.TASK_NAME: "send_mail"})
    step = span("3", "render", 0, 2000, "2")

    def said(*spans: Span) -> str:
        return next(text for text in texts(spans) if "the event loop was blocked" in text)

    def block(parent: str | None) -> Span:
        return span("b", names.SPAN_BLOCKED, 0, 1500, parent, attributes=code)

    what = "the event loop was blocked for 1.5 s because tidy ran on the event loop at jobs.py"
    alone = "; no other request waited"
    assert said(request, block("1")) == what + alone
    assert said(request, task, step, block("3")) == (
        f"{what}, in the background task send_mail{alone}"
    )
    assert said(block(None)) == f"{what}, for no request{alone}"


def test_many_blocks_by_one_line_are_one_reason(span: MakeSpan) -> None:
    """Counted and added up."""
    spans = burnt(span, [(500 * n, 500 * n + 120) for n in range(5)], **{names.BLOCKED_KIND: "cpu"})
    assert texts(spans)[0] == (
        "three requests were blocked for 600 ms because oversmoke computed on the event loop "
        "5 times at app/views/tutorial.py:83"
    )


def test_a_victim_knows_of_a_block_in_another_trace(span: MakeSpan) -> None:
    """By its link."""
    told = {names.LINK_KIND: names.LINK_BLOCKED_BY, names.VICTIM_DELAY_MS: 480.0}
    spans = [span("1", "GET /", 0, 500, kind="server", links=(Link("a" * 32, "b" * 16, told),))]
    assert texts(spans) == [
        f"the response was blocked for 480 ms because another request blocked the event loop "
        f"(trace {'a' * 32})",
        "500 of 500 ms of the response have no span: 480 ms waited for the event loop",
    ]


def test_a_victim_knows_as_much_where_its_links_say_nothing(span: MakeSpan) -> None:
    """Jaeger on Badger keeps where a link leads and no more: plain attributes say the rest."""
    told = {
        names.VICTIM_BLOCKED_BY: f"{'a' * 32}-{'b' * 16}+480.000 {'a' * 32}-{'c' * 16}<200.000",
        names.VICTIM_DELAY_MS: 680.0,
    }
    links = (Link("a" * 32, "b" * 16, {}), Link("a" * 32, "c" * 16, {}))
    spans = [span("1", "GET /", 0, 700, kind="server", attributes=told, links=links)]
    because = f"because another request blocked the event loop (trace {'a' * 32})"
    assert texts(spans) == [
        f"the response was blocked for 480 ms {because}",
        f"the response was blocked for up to 200 ms {because}",
        "700 of 700 ms of the response have no span: 680 ms waited for the event loop",
    ]


def test_a_request_that_computed_or_waited_for_the_loop_is_reported(span: MakeSpan) -> None:
    """From the loop's own figures on the server spans."""
    busy = {
        names.LOOP_RUNNING_MS: 90.0,
        names.LOOP_LONGEST_MS: 60.0,
        names.LOOP_LONGEST_LINE: "app/v.py:3 in f",
    }
    spans = [
        span("1", "GET /busy/", 0, 100, kind="server", attributes=busy),
        span("2", "view", 0, 100, "1"),
        span("3", "GET /kept/", 0, 200, kind="server", attributes={names.LOOP_READY_MS: 150.5}),
        span("4", "view", 0, 200, "3"),
    ]
    assert len(texts(spans[2:3])) == 1  # without a span below, it is said of the part without
    assert texts(spans)[2:] == [
        "the response of GET /kept/ was ready to run for 150 of 200 ms: "
        "the event loop was busy with other work",
        "the response of GET /busy/ used the event loop for 90 of 100 ms, 60 ms of it in one step "
        "at app/v.py:3 in f: it awaited nothing meanwhile",
    ]


@pytest.mark.parametrize(
    ("idle", "said"),
    [
        (29.0, "it computed and did not wait"),
        (30.0, "for 30 ms of that step its thread did not compute, but waited in a call, for the "
         "interpreter lock or for a processor"),
    ],
)  # fmt: skip
def test_a_long_step_is_said_to_compute_only_where_that_was_seen(
    span: MakeSpan, idle: float, said: str
) -> None:
    """A thread that has Python's lock, or a call that blocks, keeps a step from computing."""
    busy = {
        names.LOOP_RUNNING_MS: 90.0,
        names.LOOP_LONGEST_MS: 60.0,
        names.LOOP_LONGEST_IDLE_MS: idle,
        names.LOOP_LONGEST_LINE: "app/v.py:3 in f",
    }
    spans = [
        span("1", "GET /busy/", 0, 100, kind="server", attributes=busy),
        span("2", "view", 0, 100, "1"),
    ]
    assert texts(spans)[-1].endswith(f"in one step at app/v.py:3 in f: {said}")


def test_what_the_response_did_not_wait_for(span: MakeSpan) -> None:
    """Background work by its topmost span, with its end; a lost task by its mark."""
    failed = {names.TASK_ID: "1", names.TASK_END: names.TASK_FAILED}
    lost = {names.TASK_ID: "2", names.TASK_NAME: "letter"}
    spans = [
        span("1", "GET /async/", 0, 20, kind="server"),
        span("2", "count", 1, 5020, "1", attributes=failed, status="error", status_message="E: no"),
        span("3", "tick", 2, 1000, "2"),
        span("4", names.SPAN_TASK_STARTED, 2, 2, "1", attributes=lost),
    ]
    assert texts(spans) == [
        "the response did not wait for count, which continued for 5.0 s after it, "
        "and failed (E: no)",
        "letter was started and never ended: the process exited first",
    ]


def test_a_plain_task_is_reported_with_its_end(span: MakeSpan) -> None:
    """Collected while it waited, failed unnoticed, or stopped by a shutdown: each is described."""
    spans = [
        span("1", "GET /", 0, 19, kind="server"),
        *(
            span(
                f"d{end}",
                names.SPAN_TASK_DROPPED,
                10,
                10,
                "1",
                attributes={names.TASK_NAME: f"{end} one", names.TASK_END: end},
                status="error",
                status_message=said,
            )
            for end, said in (("failed", "E: no"), ("lost", "it was collected"), ("cut", "it ran"))
        ),
    ]
    assert texts(spans) == [
        "cut one was stopped by the shutdown: it ran",
        "failed one failed and nothing retrieved its exception: E: no",
        "lost one was lost: it was collected",
    ]
    assert verdict(spans).lost == ["cut one", "lost one"]


def test_names_from_a_trace_can_not_act(span: MakeSpan) -> None:
    """Control characters are gone, and a reason is of bounded length."""
    spans = [
        span("1", "GET /", 0, 100, kind="server"),
        span("2", "\x1b[31m" + "x" * 5000, 0, 100, "1"),
    ]
    (text,) = texts(spans)
    assert text.isprintable()
    assert len(text) < 400
