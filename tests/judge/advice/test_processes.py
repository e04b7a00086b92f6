"""Calls in threads that took turns to compute: what is said of them, and what is advised."""

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge.summary import sentence
from overlap.trace import Span

MakeSpan = Callable[..., Span]
TURNS = {
    names.THREAD_CALLS: 2,
    names.THREAD_FUNCTIONS: "1990.000 shop.views.grind",
    names.THREAD_RUNNING_MS: 1990.0,
    names.THREAD_WALL_MS: 1000.0,
    names.THREAD_CPU_MS: 980.0,
    names.THREAD_CPU_LONGEST_MS: 500.0,
    names.CODE_FILE_PATH: "shop/views.py",
    names.CODE_LINE_NUMBER: 7,
    names.CODE_FUNCTION_NAME: "order",
}


def request(span: MakeSpan, /, length: float = 1010, **changes: Any) -> list[Span]:
    """A request with two calls in threads; a change by the name of its constant in `names`."""
    given = TURNS | {getattr(names, key): value for key, value in changes.items()}
    thread = {names.THREAD_QUEUED_MS: 0.1}
    return [
        span("1", "GET /order/", 0, length, kind="server", attributes=given),
        span("2", "grind", 5, 1000, "1", attributes={**thread, names.THREAD_ID: 8}),
        span("3", "grind", 5, 1005, "1", attributes={**thread, names.THREAD_ID: 9}),
    ]


def test_they_could_run_in_processes(span: MakeSpan) -> None:
    """They would take as long as the one that computes longest, each on a processor of its own."""
    found = verdict(request(span))
    (advice,) = found.advice
    assert (advice.change, advice.at) == ("processes", "shop/views.py:7 in order")
    assert advice.parent_id == "1"
    assert advice.span_ids == ["2", "3"]
    assert (advice.request_ms, advice.would_be_ms, advice.saves_ms) == (1010, 510, 500)
    assert advice.condition == "if 2 processors are free and the calls only compute"
    assert advice.text == (
        "run shop.views.grind in processes (ProcessPoolExecutor), as threads take turns to "
        "compute: the response takes 510 ms instead of 1.0 s, if 2 processors are free and the "
        "calls only compute"
    )
    assert [reason.text for reason in found.why][-1] == (
        "2 calls of shop.views.grind in threads computed for 0.98 of 1.00 s, in turns: that is "
        "Python's interpreter lock, or too few processors"
    )
    assert sentence(found).startswith(
        "concurrent: 2 x grind ran at once by the clock, but took turns to compute"
    )


def test_without_spans_of_their_own_the_span_that_waited_is_the_evidence(span: MakeSpan) -> None:
    """As with asyncio.to_thread around plain functions."""
    (advice,) = verdict(request(span)[:1]).advice
    assert (advice.change, advice.span_ids, advice.saves_ms) == ("processes", ["1"], 500)


@pytest.mark.parametrize(
    "changes",
    [
        {"THREAD_CPU_MS": 1900.0},  # at once: an extension without the lock, or free threads
        {"THREAD_CPU_MS": 1200.0},  # in part
        {"THREAD_BUSY_MS": 1900.0},  # at once, but for a busy machine
        {"THREAD_CPU_MS": 800.0},  # neither computed for a good part
        {"THREAD_BUSY_MS": 800.0},
        {"THREAD_RUNNING_MS": 1200.0},  # one after the other
        {"THREAD_WALL_MS": 9.0, "THREAD_CPU_MS": 9.0, "THREAD_CPU_LONGEST_MS": 5.0},  # short
    ],
    ids=str,
)
def test_other_calls_in_threads_are_not_reported(span: MakeSpan, changes: dict[str, float]) -> None:
    """Nothing is said where the figures allow another reading."""
    found = verdict(request(span, **changes))
    assert found.advice == []
    assert not any("in turns" in reason.text for reason in found.why)
    assert "took turns" not in sentence(found)


def test_a_busy_machine_hides_nothing(span: MakeSpan) -> None:
    """They waited for a processor for half of the time, and for each other for the rest."""
    busy = {"THREAD_CPU_MS": 500.0, "THREAD_BUSY_MS": 1100.0, "THREAD_CPU_LONGEST_MS": 250.0}
    (advice,) = verdict(request(span, **busy)).advice
    assert (advice.change, advice.saves_ms) == ("processes", 750)


def test_what_runs_beside_them_limits_what_is_saved(span: MakeSpan) -> None:
    """The response waits for a query until 800 ms, whatever the calls take."""
    beside = span("4", "SELECT", 0, 800, "1")
    (advice,) = verdict([*request(span), beside]).advice
    assert advice.saves_ms == 205
    late = span("4", "SELECT", 0, 1005, "1")
    assert verdict([*request(span), late]).advice == []
