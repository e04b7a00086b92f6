"""Which task awaits another one: through gather, wait, wait_for, shield or a TaskGroup.

Python 3.14 keeps it (`asyncio.capture_call_graph` reads it). Before, the callbacks of a future
lead there: that of the waiting task, or one that sets another future, in its closure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

FARTHEST = 8
"""The most futures between two tasks."""


def awaiting_task(future: Any) -> Any:
    """Return a task that awaits `future`; None if there is none, or none is found."""
    for _ in range(FARTHEST):
        following = None
        for awaiting in _awaiting(future):
            if _is_task(awaiting):
                return awaiting
            following = awaiting
        if following is None:
            return None
        future = following
    return None


def _awaiting(future: Any) -> Iterator[Any]:
    """Yield the tasks and the futures that wait for a future."""
    yield from getattr(future, "_asyncio_awaited_by", None) or ()  # Python 3.14
    for callback, _context in getattr(future, "_callbacks", None) or ():
        owner = getattr(callback, "__self__", None)
        if _is_task(owner):
            yield owner
        elif _is_task(parent := getattr(owner, "_parent_task", None)):
            yield parent  # a TaskGroup's
        held = callback.args if isinstance(callback, partial) else _closure(callback)
        yield from (one for one in held if isinstance(one, asyncio.Future) and not _is_task(one))


def _is_task(one: Any) -> bool:
    return isinstance(one, asyncio.Task)


def _closure(callback: Any) -> Iterator[Any]:
    for cell in getattr(callback, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
