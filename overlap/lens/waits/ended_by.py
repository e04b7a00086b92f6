"""Who ended a wait: the task that runs when the waiting one becomes ready, and its line.

If a wait for a lock was given up, that is the one who cancelled it. Who holds the lock then is
looked for: a task inside `async with lock` has the lock's `__aexit__` on its stack.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from contextvars import Context, copy_context
from itertools import islice
from types import FrameType, MethodType
from typing import Any

from overlap.lens.current_account import request_name, span_in
from overlap.lens.waits.wait import EndedBy
from overlap.runtime import stack
from overlap.runtime.await_chain import await_chain, await_line, line_words
from overlap.runtime.current_task import context_of

_RUNNERS = asyncio.runners.__file__
MOST_TASKS = 200
"""Among so many tasks the holder of a lock is looked for: that takes less than a millisecond."""


def running(loop: asyncio.AbstractEventLoop) -> EndedBy | None:
    """Return what the loop runs at this moment; None if it is no code of anyone's."""
    task = asyncio.current_task(loop)
    line = _line(sys._getframe(1))
    if task is None and line is None:
        return None
    return _ended_by(None if task is None else task.get_name(), line, copy_context())


def holder(loop: asyncio.AbstractEventLoop, lock: Any) -> EndedBy | None:
    """Return the suspended task that is inside `async with lock`; None if none is found."""
    for task in islice(asyncio.all_tasks(loop), MOST_TASKS):
        entered = False
        for coroutine, frame in zip(*await_chain(task), strict=True):
            if _is_waiting_for(frame, lock):
                entered = False
                break
            entered = entered or _is_inside(coroutine, lock)
        if entered:
            return _ended_by(task.get_name(), await_line(task), context_of(task))
    return None


def _ended_by(name: str | None, line: str | None, context: Context | None) -> EndedBy:
    span = None if context is None else span_in(context)
    if span is None:
        return EndedBy(name, line, None, None)
    return EndedBy(name, line, request_name(span), span.get_span_context())


def _line(frame: FrameType | None) -> str | None:
    """Return the innermost line of the user's code in what the loop runs."""
    outermost = None if frame is None else stack.callback_frame(frame, None)
    while frame is not None:
        if stack.is_users(frame.f_code.co_filename):
            return line_words(frame)
        # uvloop calls a callback from C: there the next frame is the one that runs the loop.
        if frame is outermost or frame.f_code.co_filename == _RUNNERS:
            return None
        frame = frame.f_back
    return None


def _is_waiting_for(frame: FrameType | None, lock: Any) -> bool:
    return (
        frame is not None
        and frame.f_code.co_name == "acquire"
        and frame.f_locals.get("self") is lock
    )


def _is_inside(coroutine: Any, lock: Any) -> bool:
    found = gc.get_referents(coroutine)
    return any(
        isinstance(one, MethodType) and one.__name__ == "__aexit__" and one.__self__ is lock
        for one in found
    ) or (
        # Since Python 3.14 the function and the lock lie on the stack apart.
        any(one is lock for one in found)
        and any(getattr(one, "__name__", "") == "__aexit__" for one in found)
    )
