"""Less work for the garbage collector: `gc.freeze` for all that is loaded at the start."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import ExitStack

from overlap.lean.reference_cycle import avoid_reference_cycle


def reduce_gc_work() -> Callable[[], None]:
    """Avoid a cycle for each request and freeze what is loaded; needs no other part of lean."""
    undo = ExitStack()
    undo.callback(avoid_reference_cycle())
    undo.callback(freeze_heap())
    return undo.close


def freeze_heap() -> Callable[[], None]:
    """Exclude every existing object from garbage collection. Return a function that undoes it.

    A full collection visits every object of the process, most of which are modules, classes and
    functions that stay; all requests wait until it ends. If the project has already frozen the
    heap, it stays as it is.
    """
    if gc.get_freeze_count():
        return lambda: None
    gc.collect()  # otherwise what is garbage now would never be freed
    gc.freeze()
    return gc.unfreeze
