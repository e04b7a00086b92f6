"""Call a function when an event loop starts to run, in a server or anywhere else.

A server may serve WebSockets alone, or mount Django inside another application; a script or a
management command may run a loop and serve nothing. All of them start their loop through
`run_forever` (`run_until_complete` calls it), of asyncio's base class or of uvloop's.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

OnStart = Callable[[asyncio.AbstractEventLoop, FrameType], None]
"""Takes the loop and the frame from which it runs."""


def observe_loop_starts(on_start: OnStart) -> Callable[[], None]:
    """Call `on_start` with each loop that starts, on its thread; return a function that undoes it.

    When `on_start` is called, the loop does not run yet, but its first callbacks may be queued.
    """
    undo = ExitStack()
    _patch(asyncio.BaseEventLoop, on_start, undo)
    undo.callback(when_imported("uvloop", lambda module, undo: _patch(module.Loop, on_start, undo)))
    return undo.close


def _patch(loop_class: Any, on_start: OnStart, undo: ExitStack) -> None:
    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def run_forever(self: Any) -> Any:
            guarded("a loop is not watched from its start", on_start, self, sys._getframe())
            return stock(self)

        return run_forever

    # uvloop's is inherited from a class in C.
    undo.callback(replace_method(loop_class, "run_forever", make))
