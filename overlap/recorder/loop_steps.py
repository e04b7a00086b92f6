"""Record each step of each task of a loop: through the loop's own `call_soon`, as the lens does.

This costs an empty view more than the rest of the recorder, so it can rest (`StepHook.rest`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from overlap.recorder import active
from overlap.recorder.flight import REQUEST, FlightRecorder
from overlap.runtime import stack

_TASKS = frozenset({asyncio.Task, asyncio.tasks._PyTask})  # type: ignore[attr-defined]
"""asyncio's own tasks, in C and in Python."""
_LISTENER = "listen_for_disconnect"
_HOOKS: WeakKeyDictionary[asyncio.AbstractEventLoop, StepHook] = WeakKeyDictionary()


def hook_of(loop: asyncio.AbstractEventLoop) -> StepHook | None:
    """Return what records the steps of a loop; None if nothing does."""
    return _HOOKS.get(loop) if _HOOKS else None


def wake(loop: asyncio.AbstractEventLoop) -> None:
    """Record the steps of a loop again. The lens stands on it, so this comes before the lens."""
    if (hook := hook_of(loop)) is not None:
        hook.wake()


def record_steps(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Record from now on; return a function that undoes it.

    Install it below the lens, which records the steps that it times itself. Raises AttributeError
    if the loop takes no attributes.
    """
    recorder = active.RECORDER
    if recorder is None or loop.get_debug():  # in debug mode asyncio looks into the callbacks
        return lambda: None
    hook = StepHook(loop, recorder)
    hook.wake()
    _HOOKS[loop] = hook

    def undo() -> None:
        _HOOKS.pop(loop, None)
        hook.rest()

    return undo


class StepHook:
    """The replacement of one loop's `call_soon`. `wake` and `rest` are called by one thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, recorder: FlightRecorder) -> None:
        self._loop = loop
        self._call_soon = _call_soon(loop.call_soon, recorder)
        self._rests_since: float | None = None
        self.recorder = recorder

    def wake(self) -> None:
        """Record steps. Raises AttributeError if the loop takes no attributes."""
        if "call_soon" not in vars(self._loop):
            setattr(self._loop, "call_soon", self._call_soon)  # noqa: B010  mypy allows no method
        self.note_rest(is_over=True)

    def rest(self) -> None:
        """Record no steps, unless the lens or another library stands on this."""
        if vars(self._loop).get("call_soon") is self._call_soon:
            delattr(self._loop, "call_soon")
            self._rests_since = perf_counter()

    def note_rest(self, *, is_over: bool = False) -> None:
        """Write down that it has rested until now, if it has."""
        since, now = self._rests_since, perf_counter()
        if since is not None:
            self.recorder.rested(since, now)
            self._rests_since = None if is_over else now


def _call_soon(stock: Callable[..., Any], recorder: FlightRecorder) -> Callable[..., Any]:
    run_step = recorder.step_runner()
    stack.WRAPPERS.add(run_step.__code__)

    def call_soon(callback: Any, *args: Any, context: Any = None) -> Any:
        if callback.__class__ is FunctionType:  # the callback of a future
            return stock(callback, *args, context=context)
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

    return call_soon
