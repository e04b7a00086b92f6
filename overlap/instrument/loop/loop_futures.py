"""Mark what `asyncio.run_coroutine_threadsafe` returns with the loop that alone can complete it.

Called on the loop's own thread, `Future.result()` of such a future waits for ever: nothing else
shows that, as the coroutine starts only when the loop runs again.
"""

from __future__ import annotations

import asyncio
from asyncio import tasks
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any
from weakref import ref

_MARK = "overlap_loop"


def mark_loop_futures() -> Callable[[], None]:
    """Start marking futures; return a function that stops it."""
    stock: Any = asyncio.run_coroutine_threadsafe

    @wraps(stock)
    def run_coroutine_threadsafe(coro: Any, loop: Any) -> Any:
        future = stock(coro, loop)
        setattr(future, _MARK, ref(loop))
        return future

    places = [each for each in (asyncio, tasks) if each.run_coroutine_threadsafe is stock]

    def replace(function: Any) -> None:
        for place in places:
            place.run_coroutine_threadsafe = function  # type: ignore[attr-defined]

    def stop() -> None:
        if asyncio.run_coroutine_threadsafe is run_coroutine_threadsafe:
            replace(stock)

    replace(run_coroutine_threadsafe)
    return stop


def waits_for(frame: FrameType, loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether a frame of `Future.result()` waits for a future of `loop`."""
    mark = getattr(frame.f_locals.get("self"), _MARK, None)
    return mark is not None and mark() is loop
