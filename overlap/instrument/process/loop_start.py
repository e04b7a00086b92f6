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
from functools import wraps
from types import FrameType
from typing import Any

from wrapt import register_post_import_hook

from overlap.runtime.guard import guarded

OnStart = Callable[[asyncio.AbstractEventLoop, FrameType], None]
"""Takes the loop and the frame from which it runs."""


def observe_loop_starts(on_start: OnStart) -> Callable[[], None]:
    """Call `on_start` with each loop that starts, on its thread; return a function that undoes it.

    When `on_start` is called, the loop does not run yet, but its first callbacks may be queued.
    """
    undo = ExitStack()
    _patch(asyncio.BaseEventLoop, on_start, undo)
    hooked = [True]  # an import hook cannot be removed
    undo.callback(hooked.clear)
    register_post_import_hook(
        lambda module: _patch(module.Loop, on_start, undo) if hooked else None, "uvloop"
    )
    return undo.close


def _patch(loop_class: Any, on_start: OnStart, undo: ExitStack) -> None:
    stock = loop_class.run_forever
    is_own = "run_forever" in vars(loop_class)  # uvloop's is inherited from a class in C

    @wraps(stock)
    def run_forever(self: Any) -> Any:
        guarded("a loop is not watched from its start", on_start, self, sys._getframe())
        return stock(self)

    def restore() -> None:
        if vars(loop_class).get("run_forever") is not run_forever:
            return  # another library has wrapped it
        if is_own:
            loop_class.run_forever = stock
        else:
            del loop_class.run_forever

    loop_class.run_forever = run_forever
    undo.callback(restore)
