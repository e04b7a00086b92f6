"""The number of an asyncio task within its process: given when it is first asked for."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

_numbers = count(1)
_SYNC_CALLS = "AsyncToSync.main_wrap"
"""asgiref's coroutine that runs async code for sync code, which waits for it in its thread."""


def number_of(task: Any, caller: int = 0) -> int:
    """Return the number of a task; 0 if the task takes no attributes.

    caller: the number of the task whose span the new one works under. It is the new one's too if
    asgiref made that for sync code: both are one chain of calls.
    """
    found: int = getattr(
        task, "overlap_number", 0
    )  # an AttributeError would take three times longer
    if not found:
        found = caller if caller and _is_sync_call(task) else next(_numbers)
        try:
            task.overlap_number = found
        except AttributeError:
            return 0
    return found


def current_number(loop: asyncio.AbstractEventLoop, caller: int = 0) -> int:
    """Return the number of the task that a loop runs at this moment; 0 if it runs none."""
    task = asyncio.current_task(loop)
    return 0 if task is None else number_of(task, caller)


def _is_sync_call(task: Any) -> bool:
    return str(getattr(task.get_coro(), "__qualname__", "")) == _SYNC_CALLS
