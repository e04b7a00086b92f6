"""A timed step of a task, for loops that look at the callbacks in their queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

TASKS: tuple[type, ...] = tuple({asyncio.Task, asyncio.tasks._PyTask})  # type: ignore[attr-defined]
"""asyncio's own tasks, in C and in Python."""


class Step(partial[None]):
    """A task's step in the loop's queue, which asyncio's debug mode takes for the task's own.

    A partial, as that is made and called in C.
    """

    __slots__ = ()

    @property
    def __self__(self) -> Any:
        return self.args[1].__self__


def replace_queued(loop: asyncio.AbstractEventLoop, make: Callable[[Any], Step]) -> None:
    """Replace the steps of tasks that are in the queue of a loop of asyncio's own.

    asyncio.run queues the first step of its main task before the loop runs, and before us.
    """
    for handle in getattr(loop, "_ready", ()):
        callback = getattr(handle, "_callback", None)
        if isinstance(getattr(callback, "__self__", None), TASKS) and len(handle._args) < 2:
            handle._callback = make(callback)
