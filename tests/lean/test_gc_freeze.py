"""What is there at the start is out of the collector's way, and comes back."""

import gc
import weakref

from overlap.lean.gc_freeze import set_apart


class Circle:
    def __init__(self):
        self.self = self


def test_what_is_there_is_set_apart_and_given_back():
    """A circle that is there is kept; one made later is collected; after the undo, both are."""
    before, frozen = Circle(), gc.get_freeze_count()
    undo = set_apart()
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


def test_what_someone_else_froze_stays_frozen():
    """As with gunicorn's preload_app, where the application does it itself."""
    gc.freeze()
    try:
        later = Circle()
        set_apart()()
        assert gc.get_freeze_count() > 0
        seen = weakref.ref(later)
        del later
        gc.collect()
        assert seen() is None
    finally:
        gc.unfreeze()
