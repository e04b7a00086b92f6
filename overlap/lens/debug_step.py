"""A timed step of a task, for loops that look at the callbacks in their queue."""

from __future__ import annotations

from functools import partial
from typing import Any


class Step(partial[None]):
    """A task's step in the loop's queue, which asyncio's debug mode takes for the task's own.

    A partial, as that is made and called in C.
    """

    __slots__ = ()

    @property
    def __self__(self) -> Any:
        return self.args[1].__self__
