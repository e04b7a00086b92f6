"""Drain background work when `asyncio.run` ends, before it cancels the tasks that are left.

hypercorn and gunicorn's uvicorn worker end that way, and so do scripts. `asyncio.Runner.close`
calls one function for it, on Python 3.11 and later.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import runners
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from opentelemetry.context import get_current

from overlap.instrument.requests.server_span import SERVER_SPAN_KEY
from overlap.runtime.guard import guarded

Drain = Callable[[], Coroutine[Any, Any, None]]


def drain_at_loop_end(drain: Drain) -> Callable[[], None]:
    """Run `drain` on each loop that asyncio.run is about to end; return a function that undoes it.

    Not inside a request: a view that uses asyncio.run is not delayed by its tasks, nor is an async
    view under WSGI, which asgiref runs by asyncio.run in a thread of its own.
    """
    module: Any = runners
    stock = module._cancel_all_tasks

    @wraps(stock)
    def cancel_all_tasks(loop: asyncio.AbstractEventLoop) -> None:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and get_current().get(SERVER_SPAN_KEY) is None:
            guarded("background work was not drained", run_drain, loop, drain)
        stock(loop)

    def undo() -> None:
        if module._cancel_all_tasks is cancel_all_tasks:
            module._cancel_all_tasks = stock

    module._cancel_all_tasks = cancel_all_tasks
    return undo


def run_drain(loop: asyncio.AbstractEventLoop, drain: Drain) -> None:
    """Run `drain` on a loop that is neither running nor closed."""
    if not loop.is_closed() and not loop.is_running():
        loop.run_until_complete(drain())
