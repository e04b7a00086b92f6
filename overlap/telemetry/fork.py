"""Call a method in every forked process, for what a child must not share with its parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakMethod

_methods: list[WeakMethod[Callable[[], None]]] = []


def at_fork(method: WeakMethod[Callable[[], None]]) -> None:
    """Call `method` in each process that is forked from now on, as long as its object exists."""
    _methods[:] = [each for each in _methods if each() is not None]
    _methods.append(method)


def _in_child() -> None:
    for method in [*_methods]:
        if (target := method()) is not None:
            target()


if hasattr(os, "register_at_fork"):  # Windows has neither this nor fork
    # Once: what is registered here can't be removed.
    os.register_at_fork(after_in_child=_in_child)
