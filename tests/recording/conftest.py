"""A recording as a process would write it."""

from __future__ import annotations

import time

import pytest

from overlap.recorder import layout
from overlap.recorder.ring import Ring

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def flight(tmp_path):
    """A file with a request of 400 ms: a block of 150 ms in it, a call in a thread, connections."""
    ring = Ring(tmp_path / "shop.1.ring", 1, "shop", "an instance")
    write, t = ring.writer(), time.perf_counter()
    place = layout.FIRST + ring.next_place() % ring.places * layout.SIZE
    layout.BEGIN.pack_into(ring.memory, place, layout.REQUEST, 0, 0, 1, bytes.fromhex(TRACE), t)
    write(layout.STEP, 0, 0, 1, 5, t - 0.001, 0.002, 0.011, "views.py:3 in smoke")
    write(layout.CALL, 0, 0, 1, 99, t + 0.05, 0.02, 0.1, "django.db.models.query.QuerySet.first")
    write(layout.OPENED, 0, 0, 1, 8, t + 0.07, 0.0, 0.01, "default in lean-1_0")
    write(layout.OPENED, 0, 0, 1, 9, t + 0.08, 0.0, 0.01, "default in lean-1_0")
    write(layout.DROPPED, 0, 0, 0, 9, t + 0.9, 0.0, 0.0, "default in lean-1_0")
    write(layout.STEP, 0, 0, 1, 5, t + 0.2, 0.003, 0.152, "views.py:9 in smoke")
    write(layout.BLOCK, 0, 2, 0, 0, t + 0.2, 0.0, 0.15, "sleep views.py:8 in overcook")
    write(layout.POOL, 1, 0, 1, 0, t + 0.1, 0.03, 0.0, "pool-1")
    write(layout.COLLECTION, 0, 0, 0, 0, t + 0.3, 0.0, 0.02, "")
    write(layout.END, layout.ANSWERED, 200, 1, 0, t, 0.0, 0.4, "GET /smoke/")
    path = tmp_path / "shop.slow.flight"
    ring.copy_to(path, "a request was slow")
    ring.close(keep=False)
    ring.memory.close()
    return path
