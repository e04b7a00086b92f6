"""What a forked process must do anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakMethod


def at_fork(method: WeakMethod[Callable[[], None]]) -> None:
    """Call a method in each process that is forked from here on, while its object lives."""

    def call() -> None:
        if (target := method()) is not None:
            target()

    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork either
        os.register_at_fork(after_in_child=call)
