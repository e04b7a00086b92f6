"""The garbage collector's pauses are known."""

from __future__ import annotations

import gc

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
