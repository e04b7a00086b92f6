"""Objects that exist at the start are excluded from collection until the undo."""

import gc
import weakref

from overlap.lean.gc_freeze import freeze_heap


class Circle:
    def __init__(self):
        self.self = self


def test_existing_objects_are_frozen_and_unfrozen():
    """An existing cycle is kept and a later one is collected; after the undo both are."""
    before, frozen = Circle(), gc.get_freeze_count()
    undo = freeze_heap()
    try:
        assert gc.get_freeze_count() > frozen
        later = Circle()
        seen = [weakref.ref(before), weakref.ref(later)]
        del before, later
        gc.collect()
        assert [ref() is None for ref in seen] == [False, True]
    finally:
        undo()
    gc.collect()
    assert seen[0]() is None
    assert gc.get_freeze_count() == 0


def test_a_heap_that_was_frozen_before_stays_frozen():
    """As with gunicorn's preload_app, where the application does it itself."""
    gc.freeze()
    try:
        later = Circle()
        freeze_heap()()
        assert gc.get_freeze_count() > 0
        seen = weakref.ref(later)
        del later
        gc.collect()
        assert seen() is None
    finally:
        gc.unfreeze()
