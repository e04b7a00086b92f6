"""What requests wait for, on real servers: each other's locks, and a client's connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from overlap import verdict
from overlap.trace import read

VIEWS = Path(__file__).parent / "site/smokesite/waiting.py"
LOCK_LINE = 1 + VIEWS.read_text(encoding="utf-8").split("\n").index(
    "    async with shared:  # the lock"
)


@pytest.mark.parametrize("server", ["asyncio", "uvloop", "hypercorn"], indirect=True)
def test_a_request_names_the_one_that_held_its_lock(server, sink, wait_until):
    """The span, and the sentence of the verdict."""
    path = f"/waiting/lock/?name={uuid4().hex}"
    with ThreadPoolExecutor(2) as both:
        assert [each.text for each in both.map(server.get, [path] * 2)] == ["mine", "mine"]
    wait = sink.one("lock.wait")
    wait_until(lambda: len(sink.named("GET /waiting/lock/")) == 2, "both requests")
    first, second = sorted(sink.named("GET /waiting/lock/"), key=lambda span: span.end)
    assert wait.parent_id == second.span_id
    assert [link.span_id for link in wait.links] == [first.span_id]
    assert wait.attributes["overlap.wait.by.span"] == "GET /waiting/lock/"
    for line in (
        f"{wait.attributes['code.file.path']}:{wait.attributes['code.line.number']}",
        wait.attributes["overlap.wait.by.line"],
    ):
        assert f"smokesite/waiting.py:{LOCK_LINE}" in line, line
    assert second.attributes["overlap.wait.lock_ms"] == pytest.approx(wait.ms, abs=1)


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_call_that_waits_for_a_connection_says_so(server, sink):
    """httpx has one connection for three calls: two wait, each until another is through."""
    assert server.get("/waiting/pool/").text == "200 200 200"
    view = sink.one("GET /waiting/pool/")
    calls = [span for span in sink.named("GET") if span.parent_id == view.span_id]
    waited = sorted(call.attributes.get("overlap.wait.connection_pool_ms", 0) for call in calls)
    assert len(waited) == 3
    # httpx hands the connection to a call, and may take it back: several waits, one after another.
    assert waited[0] + 30 < waited[1]
    assert waited[1] + 30 < waited[2]
    waits = sink.named("connection_pool.wait")
    assert {wait.parent_id for wait in waits} <= {call.span_id for call in calls}
    for wait in waits:
        assert wait.attributes["overlap.wait.pool"] == "AsyncPoolRequest"
        assert wait.attributes["overlap.wait.by.span"] == "GET /waiting/pool/"
        # The tasks that wait are httpx's alone; the view's line is that of the gather.
        assert wait.attributes["code.file.path"] == "smokesite/waiting.py"
        assert wait.attributes["code.function.name"] == "pool"


def test_a_pool_without_a_connection_in_time_is_given_up(server, sink):
    """httpx.PoolTimeout: the wait is there, with its line."""
    assert server.get("/waiting/pool-timeout/").text == "none left"
    wait = sink.one("connection_pool.wait")
    assert wait.attributes["overlap.wait.given_up"] is True
    assert wait.attributes["code.function.name"] == "pool_timeout"
    assert wait.ms > 20


def test_the_verdict_says_it_in_words(server, sink, wait_until):
    """With both lines, from the spans as they were sent."""
    path = f"/waiting/lock/?name={uuid4().hex}"
    with ThreadPoolExecutor(2) as both:
        list(both.map(server.get, [path] * 2))
    wait_until(lambda: len(sink.named("GET /waiting/lock/")) == 2, "both requests")
    traces = read(sink.everybody.spans_as_sent)
    (trace,) = [trace for trace in traces if trace.trace_id == sink.trace_id]
    (said,) = [each.text for each in verdict(trace.spans).why if "a lock" in each.text]
    assert "waited" in said
    assert said.count(f"smokesite/waiting.py:{LOCK_LINE}") == 2, said
