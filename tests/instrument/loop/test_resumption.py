"""A block is told that the loop runs again, in whatever order the watchdog's two threads see it."""

from __future__ import annotations

import asyncio
import time

import pytest

from overlap.instrument.loop import watchdog
from overlap.instrument.loop.watchdog import Watchdog


class Block:
    """Records when it is resumed."""

    def __init__(self, *_):
        self.end_ns = self.kind = None
        self.is_settled = False
        self.context = None
        self.resumed_at = []

    def add_sample(self, _lines):
        """Do nothing."""

    def resumed(self, at_ns, _loop):
        """Record."""
        self.resumed_at.append(at_ns)


class Candidate:
    """A block that is confirmed at once."""

    since = 0.0

    def __init__(self, sample):
        self.first = sample

    def confirmed(self, _at, _threshold):
        """Return yes."""
        return True

    def kind(self):
        """Return any."""
        return "wait"


@pytest.fixture
def watching(monkeypatch):
    """A watchdog, without its thread, whose loop has just been found blocked."""
    monkeypatch.setattr(watchdog, "Block", Block)
    loop = asyncio.new_event_loop()
    found = Watchdog(loop, 0.1)
    found._loop_thread = object()
    sample = watchdog.Sample(0.0, 0.0, None, 0.0, 0.0, 0.0)
    found._judge(Candidate(sample), sample)
    yield found, found._block
    loop.close()


def turn(found):
    """Let the loop run what is queued."""
    found.loop.run_until_complete(asyncio.sleep(0))


def test_the_loop_itself_reports_that_it_runs_again(watching):
    """Its victims are linked on its own thread."""
    found, block = watching
    turn(found)
    assert len(block.resumed_at) == 1


def test_a_heartbeat_that_the_watchdog_sees_first_loses_no_victims(watching):
    """Under uvloop it may run before the mark: the block is over then, and not yet resumed."""
    found, block = watching
    found._clear(time.perf_counter())
    assert found._block is None
    turn(found)
    assert len(block.resumed_at) == 1


def test_two_blocks_in_one_turn_of_the_loop_are_both_resumed(watching):
    """A second callback blocks before the loop has run what the first one kept out."""
    found, first = watching
    found._clear(time.perf_counter())
    sample = watchdog.Sample(0.0, 0.0, None, 0.0, 0.0, 0.0)
    found._judge(Candidate(sample), sample)
    second = found._block
    turn(found)
    assert [len(block.resumed_at) for block in (first, second)] == [1, 1]


def test_a_block_is_resumed_once(watching):
    """Also by a turn that the loop marks for another reason."""
    found, block = watching
    found.mark_turn()
    turn(found)
    assert len(block.resumed_at) == 1
