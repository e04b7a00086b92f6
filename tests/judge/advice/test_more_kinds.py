"""Advice about a full loop, a server that is down, sync callers, lone tasks and time limits."""

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge import Advice
from overlap.trace import Span

MakeSpan = Callable[..., Span]
VIEW = {
    names.CODE_FILE_PATH: "shop/views.py",
    names.CODE_LINE_NUMBER: 7,
    names.CODE_FUNCTION_NAME: "order",
}
LOOP = {**VIEW, names.THREAD_ID: 1, names.LOOP_RUNNING_MS: 1.0}
API = "http://stock.test/"


def of(spans: list[Span], change: str) -> list[Advice]:
    """The advice of one kind."""
    return [each for each in verdict(spans).advice if each.change == change]


# --- workers ------------------------------------------------------------------------


def full(span: MakeSpan, ready: float = 300.0, **more: Any) -> list[Span]:
    """Two requests of 400 ms, which were ready for a while and waited for the loop."""
    line = {names.LOOP_LONGEST_MS: 50.0, names.LOOP_LONGEST_LINE: "shop/views.py:9 in order"}
    root = span("1", "scenario", 0, 900, attributes={names.SCENARIO_NAME: "full"})
    requests = [
        span(each, "GET /order/", start, start + 400, "1", kind="server",
             attributes={**LOOP, **line, names.LOOP_READY_MS: ready - lag, **more})
        for each, start, lag in (("2", 0, 0), ("3", 100, 50))
    ]  # fmt: skip
    return [root, *requests]


def test_a_request_that_waits_for_a_full_loop_needs_another_worker(span: MakeSpan) -> None:
    """The one that waited longest is predicted; the others count together."""
    (advice,) = of(full(span), "workers")
    assert (advice.at, advice.span_ids) == ("shop/views.py:9 in order", ["2", "3"])
    assert (advice.saves_ms, advice.others_ms, advice.would_be_ms) == (300, 250, 100)
    assert "ran others for 300 ms while this request was ready" in advice.text
    assert advice.condition == "if a processor is free for each"


@pytest.mark.parametrize(
    ("ready", "more"),
    [
        (190.0, {}),  # less than half of its time
        (300.0, {names.VICTIM_BLOCKED_BY: f"{'f' * 32}-{'a' * 16}<150"}),  # a known block
    ],
)
def test_other_waits_need_no_worker(span: MakeSpan, ready: float, more: dict[str, Any]) -> None:
    """A short wait is none; a block has advice of its own."""
    assert of(full(span, ready, **more), "workers") == []


def test_a_short_request_needs_no_worker(span: MakeSpan) -> None:
    """Forty milliseconds are most of its time, and little."""
    block = {names.VICTIM_BLOCKED_BY: f"{'f' * 32}-{'a' * 16}<20"}
    for more in ({names.LOOP_READY_MS: 40.0}, {names.LOOP_READY_MS: 60.0, **block}):
        request = {**LOOP, **more}
        spans = [span("1", "GET /order/", 0, 62, kind="server", attributes=request)]
        assert of(spans, "workers") == []


# --- circuit_breaker ----------------------------------------------------------------


def tries(span: MakeSpan, *ends: str, urls: tuple[str, ...] = (), apart: float = 60) -> list[Span]:
    """A request with a call of 50 ms for each end: an error's type, or `ok`."""
    spans = [span("1", "GET /", 0, 400, kind="server", attributes=VIEW)]
    for number, end in enumerate(ends):
        error = {} if end == "ok" else {names.ERROR_TYPE: end}
        url = {"url.full": urls[number] if urls else API}
        at = number * apart
        spans.append(span(f"{number + 2}", "GET", at, at + 50, "1", kind="client",
                          status="unset" if end == "ok" else "error",
                          attributes={**url, **error}))  # fmt: skip
    return spans


def test_tries_that_all_fail_could_end_with_the_first(span: MakeSpan) -> None:
    """What follows the first failure, up to the last, is saved."""
    (advice,) = of(tries(span, "ConnectError", "ConnectError", "ConnectError"), "circuit_breaker")
    assert (advice.at, advice.span_ids) == ("shop/views.py:7 in order", ["2", "3", "4"])
    assert advice.saves_ms == 100
    assert "3 tries failed in the same way" in advice.text
    assert advice.condition == "if it fails for the next requests, too"


@pytest.mark.parametrize("error", ["503", "429", "ReadTimeout"])
def test_a_server_that_is_busy_or_silent_is_down(span: MakeSpan, error: str) -> None:
    """An error of the server is one, and so is too many requests."""
    assert of(tries(span, error, error), "circuit_breaker")


@pytest.mark.parametrize(
    "spans",
    [
        lambda span: tries(span, "503"),  # once
        lambda span: tries(span, "503", "503", "ok"),  # it was worth it
        lambda span: tries(span, "503", "503", "ok", urls=(API, API, f"{API}other")),
        lambda span: tries(span, "503", "ConnectError"),  # in another way
        lambda span: tries(span, "503", "503", urls=(API, f"{API}other")),  # another call
        lambda span: tries(span, "404", "404"),  # an answer
        lambda span: tries(span, "503", "503", apart=10),  # at once
    ],
)
def test_other_failures_are_no_tries_in_vain(
    span: MakeSpan, spans: Callable[[MakeSpan], list[Span]]
) -> None:
    """Nothing is said where trying again may have been right."""
    assert of(spans(span), "circuit_breaker") == []


def test_a_success_before_the_failures_does_not_count(span: MakeSpan) -> None:
    """The server went down in between."""
    assert of(tries(span, "ok", "503", "503"), "circuit_breaker")


# --- async_caller -------------------------------------------------------------------


def hop(span: MakeSpan, *, thread: int = 1, took: float = 90, sensitive: bool = True) -> list[Span]:
    """A request whose middleware runs in a thread, and the view inside it on this thread."""
    functions = {names.THREAD_FUNCTIONS: "92.000 shop.timing.<locals>.middleware"}
    inside = {names.THREAD_ID: 2, names.THREAD_QUEUED_MS: 0.1, names.THREAD_SENSITIVE: sensitive}
    return [
        span("1", "GET /order/", 0, 100, kind="server", attributes={**LOOP, **functions}),
        span("2", "timing", 2, 98, "1", attributes=inside),
        span("3", "stock", 4, 4 + took, "2", attributes={names.THREAD_ID: thread}),
    ]


def test_a_sync_middleware_around_an_async_view_needs_a_thread(span: MakeSpan) -> None:
    """The thread did nothing but wait."""
    (advice,) = of(hop(span), "async_caller")
    assert (advice.at, advice.span_ids) == ("shop/views.py:7 in order", ["2"])
    assert advice.text == (
        "make shop.timing.middleware asynchronous: a thread ran it, and waited in it for 90 ms "
        "for async code on the event loop, if nothing else in it blocks"
    )


def test_a_sync_middleware_without_a_span_is_known_from_the_request(span: MakeSpan) -> None:
    """The names of all sync middlewares are on the request."""
    paths = ["shop.timing.timing", "shop.audit.audit"]
    spans = [
        span("1", "GET /order/", 0, 100, kind="server",
             attributes={**LOOP, names.SYNC_MIDDLEWARE: paths}),
        span("2", "stock", 4, 94, "1", attributes={names.THREAD_ID: 1}),
    ]  # fmt: skip
    (advice,) = of(spans, "async_caller")
    assert "make shop.timing.timing and shop.audit.audit asynchronous" in advice.text


@pytest.mark.parametrize("changes", [{"thread": 2}, {"took": 40}, {"sensitive": False}], ids=str)
def test_a_thread_that_works_is_left_alone(span: MakeSpan, changes: dict[str, Any]) -> None:
    """Its work is its own, or most of it; or it is no thread of a request."""
    assert of(hop(span, **changes), "async_caller") == []


# --- reference ----------------------------------------------------------------------


def task(
    span: MakeSpan,
    *,
    edge: str = "",
    end: float = 500,
    on_request: dict[str, Any] | None = None,
    **own: Any,
) -> list[Span]:
    """A request that starts a task, which continues after the response."""
    edges = {names.AWAIT_EDGES: edge} if edge else {}
    request = {**VIEW, names.AWAIT_TASK: 1, **edges, **(on_request or {})}
    attributes = {names.AWAIT_TASK: 2} | {key: value for key, value in own.items() if value}
    attributes = {key: value for key, value in attributes.items() if value != "none"}
    return [
        span("1", "GET /order/", 0, 100, kind="server", attributes=request),
        span("2", "mail", 10, end, "1", attributes=attributes),
        span("3", "log", end, end + 10, "1", attributes=attributes),
    ]


def test_a_task_that_nothing_waits_for_could_be_spawned(span: MakeSpan) -> None:
    """All spans of the task are one piece of advice."""
    (advice,) = of(task(span), "reference")
    assert (advice.at, advice.span_ids) == ("shop/views.py:7 in order", ["2", "3"])
    assert "it continued for 410 ms after the response" in advice.text
    assert advice.condition == "if nothing else keeps the task and waits for it"


@pytest.mark.parametrize(
    "changes",
    [
        {"edge": "20000+30000 1 await 2"},  # something waited for it
        {"edge": "20000+30000 1 gather 3"},  # it may have been one of several
        {"edge": "1000+6000 1 as_completed 3"},  # even if its first span began after that
        {names.TASK_ID: "abc"},  # it was spawned
        {names.AWAIT_TASK: 1},  # the request's own task
        {names.AWAIT_TASK: "none"},
        {names.CANCELLED: True},
        {"on_request": {names.CANCELLED: True}},
        {"end": 120},  # it ends soon
    ],
    ids=str,
)
def test_other_work_after_the_response_is_no_lone_task(
    span: MakeSpan, changes: dict[str, Any]
) -> None:
    """Nothing is said where something may have waited for it."""
    assert of(task(span, **changes), "reference") == []


# --- time_limit ---------------------------------------------------------------------


def slow(span: MakeSpan, took: float = 800, of_ms: float = 900, **own: Any) -> list[Span]:
    """A request that waits for one call."""
    call = {names.SERVER_ADDRESS: "stock.test"} | own
    return [
        span("1", "GET /order/", 0, of_ms, kind="server", attributes=VIEW),
        span("2", "GET", 10, 10 + took, "1", kind="client", attributes=call),
    ]


@pytest.mark.parametrize(("limit", "words"), [(60.0, "one of 60.0 s"), (0.0, "none")])
def test_a_slow_call_could_have_a_time_limit(span: MakeSpan, limit: float, words: str) -> None:
    """It says which it has."""
    (advice,) = of(slow(span, **{names.HTTP_TIME_LIMIT: limit}), "time_limit")
    assert (advice.at, advice.span_ids, advice.saves_ms) == ("shop/views.py:7 in order", ["2"], 0)
    assert advice.text == (
        f"give GET of stock.test a time limit, of which it has {words}: it took 800 ms, "
        "if there is an answer without it"
    )


@pytest.mark.parametrize(
    ("took", "of_ms", "own"),
    [
        (800, 900, {}),  # a short limit
        (499, 600, {names.HTTP_TIME_LIMIT: 0.0}),
        (800, 1700, {names.HTTP_TIME_LIMIT: 0.0}),
    ],
)
def test_a_quick_or_limited_call_needs_no_other_limit(
    span: MakeSpan, took: float, of_ms: float, own: dict[str, Any]
) -> None:
    """It is not what the request waits for."""
    assert of(slow(span, took, of_ms, **own), "time_limit") == []


# --- one_client in several branches -------------------------------------------------


def clients(span: MakeSpan, loop_ms: float, *servers: str, length: float = 2000) -> list[Span]:
    """A request with two branches, each of which makes a client in 20 ms."""
    spans = [span("1", "GET /order/", 0, length, kind="server", attributes=VIEW)]
    for branch, server in zip("23", servers or ("", ""), strict=True):
        own = {names.SERVER_ADDRESS: server} if server else {}
        spans += [
            span(branch, f"branch {branch}", 0, length, "1"),
            span(f"{branch}1", "new client", 10, 30, branch,
                 attributes={names.LOOP_RUNNING_MS: loop_ms, **own}),
        ]  # fmt: skip
    return spans


def test_clients_made_in_branches_of_one_request_are_one_defect(span: MakeSpan) -> None:
    """They take the loop from all requests, so they are named though this one gains little."""
    (advice,) = of(clients(span, 20.0), "one_client")
    assert (advice.parent_id, advice.span_ids) == ("1", ["21", "31"])
    assert "instead of 2 x new client, which take 40 ms of the event loop" in advice.text


def test_clients_that_take_no_time_of_the_loop_must_save_some(span: MakeSpan) -> None:
    """A connection that is awaited delays nobody else."""
    assert of(clients(span, 0.0), "one_client") == []
    assert of(clients(span, 0.0, length=200), "one_client")


def test_connections_to_two_servers_are_not_one(span: MakeSpan) -> None:
    """Each needs its own."""
    assert of(clients(span, 20.0, "stock.test", "price.test"), "one_client") == []
