"""When full garbage collections ran is known."""

from __future__ import annotations

import gc
import time

import pytest

from overlap.instrument.loop.garbage_collection import GarbageClock


def test_full_collections_are_timed_until_stopped():
    """And small ones are not, as they are too many and too short."""
    clock = GarbageClock()
    clock.start()
    gc.collect(0)
    assert clock.seconds == 0
    gc.collect()
    timed = clock.seconds
    assert timed > 0
    clock.stop()
    gc.collect()
    assert clock.seconds == timed


def test_only_collections_of_the_time_asked_for_count():
    """Those of a real large heap, and of each the part that lies within."""
    heap = [[{}] for _ in range(100_000)]
    clock = GarbageClock()
    clock.start()
    gc.collect()
    before, first = time.time_ns(), clock.seconds
    gc.collect()
    after = time.time_ns()
    clock.stop()
    second = clock.seconds - first
    assert second > 0.001
    assert clock.within(before, after) == pytest.approx(second)
    assert clock.within(0, after) == pytest.approx(clock.seconds)
    assert clock.within(after, after + 10**9) == 0
    middle = clock.within(before, after - round(second * 0.9e9))
    assert 0 <= middle < 0.6 * second
    del heap


def test_a_collection_that_runs_counts_already():
    """The watchdog may look before its end is noted: another callback comes first."""
    clock, seen = GarbageClock(), []
    heap = [[{}] for _ in range(50_000)]
    clock.start()
    gc.callbacks.insert(0, lambda phase, _: seen.append((phase, clock.seconds)))
    try:
        gc.collect()
    finally:
        gc.callbacks.pop(0)
        clock.stop()
    assert [phase for phase, _ in seen] == ["start", "stop"]
    assert seen[0][1] == 0
    assert 0.001 < seen[1][1] <= clock.seconds
    del heap
