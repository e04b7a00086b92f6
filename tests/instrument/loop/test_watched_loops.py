"""Which loops are watched, and from when: the hook at a loop's start, and what it decides."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from overlap.instrument.loop import watched_loops
from overlap.instrument.loop.watched_loops import WatchedLoops
from overlap.instrument.process.loop_start import observe_loop_starts

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


async def answer():
    """Return something."""
    await asyncio.sleep(0)
    return 7


@pytest.mark.parametrize("new_loop", LOOPS)
def test_the_hook_is_called_before_the_loop_runs_and_until_it_is_undone(new_loop):
    """With the frame from which every callback of uvloop's is called; what runs is the loop's."""
    seen, loop = [], new_loop()

    def on_start(started, frame):
        seen.append((started, frame.f_code.co_name, started.is_running()))

    undo = observe_loop_starts(on_start)
    try:
        assert loop.run_until_complete(answer()) == 7
        assert set(seen) == {(loop, "run_forever", False)}
    finally:
        undo()
    seen.clear()
    assert loop.run_until_complete(answer()) == 7
    assert seen == []
    loop.close()


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_hook_that_raises_stops_no_loop(new_loop):
    """Telemetry never hurts the service."""

    def broken(*_):
        raise RuntimeError("no watchdog today")

    loop, undo = new_loop(), observe_loop_starts(broken)
    try:
        assert loop.run_until_complete(answer()) == 7
    finally:
        undo()
        loop.close()


class Loop:
    """Records what it is asked to call later."""

    def __init__(self):
        self.later = []

    def call_later(self, delay, call, *args):
        """Record."""
        self.later.append((delay, call, args))


@pytest.fixture
def watched(monkeypatch):
    """Loops that are watched, and what was: each with the frame it runs from."""
    loops, seen = WatchedLoops(0.1), []
    monkeypatch.setattr(loops, "_watch", lambda loop, base=None: seen.append((loop, base)))
    return loops, seen


def test_the_first_loop_is_watched_at_once(watched):
    """It may block with the first thing it does; the frame tells where its callbacks begin."""
    loops, seen = watched
    first = Loop()
    loops.loop_started(first, "frame")
    assert seen == [(first, "frame")]
    assert first.later == []


def test_others_are_watched_when_they_have_lived_for_a_while(watched):
    """A sync view may run a loop in each request; `run_until_complete` starts one again."""
    loops, seen = watched
    loops.loop_started(Loop(), "frame")
    seen.clear()
    other = Loop()
    loops.loop_started(other, "frame")
    loops.loop_started(other, "frame")
    assert seen == []
    ((delay, call, args),) = other.later
    assert delay == watched_loops.LONG_LIVED_S
    call(*args)
    assert seen == [(other, None)]
