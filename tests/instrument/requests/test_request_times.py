"""The figures of Server-Timing, computed from what was recorded so far."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connections
from opentelemetry.context import Context, attach, detach

from overlap.instrument.requests.browser import request_times
from overlap.instrument.requests.server_span import SERVER_SPAN_KEY, ServerSpan
from overlap.lens.account import Account


def test_the_step_that_runs_now_counts_from_when_it_was_ready(monkeypatch):
    """The response is made inside it; it waited for the loop before."""
    account = Account(None, 10.0, lists_turns=False)
    account.add(10.0, 10.0, 11.0)
    monkeypatch.setattr(request_times, "_current_step", lambda now: iter([(12.0, 12.5, now)]))
    assert request_times._on_loop(account, 13.0) == pytest.approx((1.5, 0.5))


def test_a_call_in_a_thread_counts_as_far_as_it_has_run():
    """One that has ended, one that runs, and one that is queued."""
    works = [
        SimpleNamespace(began=began, ended=ended)
        for began, ended in ((1.0, 3.0), (request_times.perf_counter() - 5.0, 0.0), (0.0, 0.0))
    ]
    span = SimpleNamespace(overlap_request_works=works)
    server_span = SimpleNamespace(began=0.0, is_asgi=False, span=span, db_s=0.25)
    found = request_times.times(server_span)
    assert found["threads"] == pytest.approx(7.0, abs=1.0)
    assert found["db"] == 0.25
    assert "loop" not in found


def test_queries_of_a_request_are_added_up(monkeypatch):
    """Each with its own time, also one that fails."""
    request = object.__new__(ServerSpan)
    clock = iter([1.0, 1.5, 2.0, 4.0])
    monkeypatch.setattr(request_times, "perf_counter", lambda: next(clock))
    token = attach(Context({SERVER_SPAN_KEY: request}))
    try:
        assert request_times._timed(lambda *query: query, "SELECT 1") == ("SELECT 1",)
        with pytest.raises(ZeroDivisionError):
            request_times._timed(lambda _: 1 / 0, "SELECT 2")
    finally:
        detach(token)
    assert request.db_s == pytest.approx(2.5)


def test_connections_that_are_open_already_are_timed_too(monkeypatch):
    """A worker's thread may have connected before the first request that asks."""
    one = SimpleNamespace(execute_wrappers=[])
    monkeypatch.setattr(connections, "all", lambda **_: [one])
    collecting = request_times.Collecting()
    collecting.start()
    collecting.start()
    collecting.stop()
    assert one.execute_wrappers == [request_times._timed]
