"""Call a method in every forked process, for what a child must not share with its parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakMethod


def at_fork(method: WeakMethod[Callable[[], None]]) -> None:
    """Call `method` in each process that is forked from now on, as long as its object exists."""

    def call() -> None:
        if (target := method()) is not None:
            target()

    if hasattr(os, "register_at_fork"):  # Windows has neither this nor fork
        os.register_at_fork(after_in_child=call)
