"""Record each step of each task of a loop: through the loop's own `call_soon`, as the lens does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

from overlap.recorder import active
from overlap.recorder.flight import REQUEST
from overlap.runtime import stack
from overlap.runtime.loop_methods import replaced

_TASKS = frozenset({asyncio.Task, asyncio.tasks._PyTask})  # type: ignore[attr-defined]
"""asyncio's own tasks, in C and in Python."""
_LISTENER = "listen_for_disconnect"


def record_steps(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Record from now on; return a function that undoes it.

    Install it below the lens, which records the steps that it times itself. Raises AttributeError
    if the loop takes no attributes.
    """
    recorder = active.RECORDER
    if recorder is None or loop.get_debug():  # in debug mode asyncio looks into the callbacks
        return lambda: None
    run_step = recorder.step_runner()
    stack.WRAPPERS.add(run_step.__code__)
    stock = loop.call_soon

    def call_soon(callback: Any, *args: Any, context: Any = None) -> Any:
        task: Any = getattr(callback, "__self__", None)
        if task.__class__ not in _TASKS or len(args) > 1:
            return stock(callback, *args, context=context)
        # A step has one argument or none; two calls written out are twice as fast.
        if not args:
            # A request may begin in any task's first step, but not in Django's own listener.
            if task.get_coro().__name__ == _LISTENER:
                return stock(callback, context=context)
            return stock(run_step, callback, perf_counter(), context=context)
        if context is None or not context.get(REQUEST):
            return stock(callback, args[0], context=context)  # work for no request goes on
        return stock(run_step, callback, perf_counter(), args[0], context=context)

    return replaced(loop, "call_soon", call_soon)
