"""Calls in threads in the flight recorder: how long each was queued, and how long it ran."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from overlap.lens.threads.function import function_name
from overlap.recorder import active, layout
from overlap.recorder.flight import REQUEST
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames

_WHAT = "a call in a thread is not in the flight recorder"


class _Call:
    """One call, from when it was handed over. Times are seconds of time.perf_counter()."""

    __slots__ = ("asked", "function", "request")

    def __init__(self, fn: Any, args: tuple[Any, ...]) -> None:
        self.function = function_name(fn, args, names_middleware=True)
        self.request = REQUEST.get()
        self.asked = perf_counter()

    def run(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Run the call, and record it. In the thread."""
        __traceback_hide__ = True
        began = perf_counter()
        try:
            return call(*args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            guarded(_WHAT, self._record, began)

    def _record(self, began: float) -> None:
        recorder = active.RECORDER
        if recorder is not None:
            took = perf_counter() - began
            recorder.write(
                layout.CALL,
                0,
                0,
                self.request,
                threading.get_native_id(),
                self.asked,
                began - self.asked,
                took,
                self.function,
            )


def record_calls() -> Callable[[], None]:
    """Record the calls of every pool; return a function that undoes it.

    Install it before the lens: what is inside knows the call as the caller made it.
    """

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def submit(self: Any, fn: Any, /, *args: Any, **named: Any) -> Any:
            call = None if active.RECORDER is None else guarded(_WHAT, _Call, fn, args)
            if call is None:
                return stock(self, fn, *args, **named)
            return stock(self, call.run, fn, *args, **named)

        return submit

    return replace_method(ThreadPoolExecutor, "submit", make)
