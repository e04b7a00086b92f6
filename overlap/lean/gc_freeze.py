"""The garbage collector, spared: what is loaded once and for all is out of its way."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import ExitStack

from overlap.lean.reference_cycle import part_cleanly


def spare_collector() -> Callable[[], None]:
    """Have requests end cleanly and what is loaded set apart, without more of lean."""
    undo = ExitStack()
    undo.callback(part_cleanly())
    undo.callback(set_apart())
    return undo.close


def set_apart() -> Callable[[], None]:
    """Have the collector pass over all that is there now; gives back a function that undoes it.

    A full pass goes through every object of the process, most of which are modules, classes
    and functions that stay; the requests under way wait for its end. Where someone has frozen
    the heap already, it stays as it is.
    """
    if gc.get_freeze_count():
        return lambda: None
    gc.collect()  # else what is garbage now would stay for good
    gc.freeze()
    return gc.unfreeze
