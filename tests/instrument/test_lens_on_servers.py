"""The lens on real servers: figures on the spans of requests, and none where it is off."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_request_tells_how_long_it_ran_and_waited(server, sink):
    """A view that sleeps awaits; the three times are all of its duration."""
    server.get("/wait/?s=0.3")
    span = sink.one("GET /wait/")
    running, ready, awaiting = (
        span.attributes[f"overlap.loop.{what}_ms"] for what in ("running", "ready", "awaiting")
    )
    assert running + ready + awaiting == pytest.approx(span.ms, abs=5)
    assert awaiting > 150
    assert running > 0
    assert "+" in span.attributes["overlap.loop.turns"]


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_long_step_is_told_with_its_line(server, sink):
    """The watchdog's thread looks at it while it lasts."""
    server.get("/burn/?s=0.4&how=python")
    span = sink.one("GET /burn/")
    assert span.attributes["overlap.loop.longest_step.duration_ms"] >= 399
    assert "smokesite/views.py:" in span.attributes["overlap.loop.longest_step.line"]


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_long_step_that_sleeps_is_known_not_to_compute(server, sink):
    """By the processor time of the loop's thread, which the watchdog reads."""
    server.get("/burn/?s=0.4&how=sleep")
    assert sink.one("GET /burn/").attributes["overlap.loop.longest_step.idle_ms"] >= 300


def test_the_line_of_a_long_step_is_the_users(server, sink):
    """Deep in a library that the user's line called: as the culprit of a block is."""
    server.get("/burn/?s=0.3&how=patterns")
    line = sink.one("GET /burn/").attributes["overlap.loop.longest_step.line"]
    assert re.fullmatch(r"smokesite/views\.py:\d+ in patterns", line)


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_sync_view_tells_of_its_thread(server, sink):
    """One call, its time in the queue and its time of running; the span inside has the queue."""
    server.get("/slow/")
    view, inside = sink.one("GET /slow/").attributes, sink.one("off the loop").attributes
    assert view["overlap.thread.calls"] >= 1
    assert view["overlap.thread.running_ms"] >= 499
    assert inside["overlap.thread.sensitive"] is True
    assert inside["overlap.thread.queued_ms"] <= view["overlap.thread.queued_ms"]


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_how_full_the_loop_is_and_by_whom(server, sink, wait_until):
    """Its utilization from 0 to 1, the seconds of each route, and the thread pools."""
    server.get("/burn/?s=0.4")
    server.get("/slow/")
    name = "overlap.event_loop.utilization"
    ((where, point),) = wait_until(lambda: sink.points(name))
    assert where == {"thread.name": "MainThread"}
    assert 0 <= point.as_double <= 1
    assert sink.everybody.units()[name] == "1"
    running = {"http.route": "/burn/", "overlap.event_loop.state": "running"}

    def seconds():
        points = sink.points("overlap.event_loop.time")
        return sum(point.as_double for where, point in points if running.items() <= where.items())

    wait_until(lambda: seconds() >= 0.4, "the seconds of /burn/")

    def pools():
        points = sink.points("overlap.thread_pool.size")
        return {where["overlap.thread_pool.name"] for where, _ in points}

    # Made by the second request: the export after the first may have been without it.
    wait_until(lambda: "lean" in pools(), "the pool of lean")


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_a_request_tells_what_it_awaited_and_at_which_line(server, sink):
    """A view that sleeps has no span for that."""
    server.get("/wait/?s=0.1")
    awaited = sink.one("GET /wait/").attributes["overlap.loop.awaited"]
    assert re.fullmatch(
        r"\d+\+\d{5,6} timer smokesite/views\.py:\d+ in wait \(asyncio\.sleep\)", awaited
    )


def test_a_request_tells_which_functions_ran_in_its_thread(server, sink):
    """A sync view, and the sync iterator of a stream, which is also said to be one."""
    server.get("/slow/")
    functions = sink.one("GET /slow/").attributes["overlap.thread.functions"].splitlines()
    assert re.fullmatch(r"5\d\d\.\d{3} smokesite\.views\.slow", functions[0])
    server.get("/sync-stream/")
    assert sink.one("GET /sync-stream/").attributes["overlap.response.sync_iterator"] == (
        "sync_stream.<locals>.parts"
    )
    server.get("/stream/")
    assert "overlap.response.sync_iterator" not in sink.one("GET /stream/").attributes


def test_it_can_be_switched_off(serve, sink):
    """By a variable of the environment; everything else is as it was."""
    server = serve(env={"OVERLAP_LENS": "0"})
    server.get("/wait/?s=0.1")
    server.get("/slow/")
    told = {*sink.one("GET /wait/").attributes, *sink.one("GET /slow/").attributes}
    assert "http.route" in told
    assert not {name for name in told if name.startswith(("overlap.loop.", "overlap.thread."))}
