"""Plain create_task work that a shutdown cuts off: found where it still runs, written down.

Nothing is noted while requests run: asyncio knows its tasks, and each task its context, and they
are asked once, at the end. That is when a server has sent its lifespan's shutdown and background
work has been waited for; or, where there is no such moment, when asyncio.run cancels what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach

from overlap import names
from overlap.instrument.requests.server_span import EXCHANGE_KEY, Exchange
from overlap.instrument.tasks.plain_tasks import called, serves, write_dropped
from overlap.runtime.current_task import trace_context
from overlap.runtime.loop_methods import replaced

AT_SHUTDOWN = "it still ran when its process shut down, which did not wait for it"
WITH_ITS_LOOP = "it still ran when its event loop ended, which cancelled it"

_WAITERS = ("anyio.", "asyncio.", "overlap.")
"""Whose callbacks on a task say that somebody waits for it: another task, a gather, a group."""

_log = structlog.get_logger("overlap.instrument.tasks")


def note_running() -> None:
    """Note the running loop's plain tasks: its process ends, and does not wait for them."""
    with suppress(Exception):  # what comes after this matters more
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            _look(task, AT_SHUTDOWN, waiters=0)


def watch_cut(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Note what asyncio.run cancels when its own coroutine is over; gives back how to end that.

    Raises AttributeError where the loop takes no attributes.
    """
    stock: Any = loop.run_until_complete

    def run_until_complete(future: Any) -> Any:
        # The first thing after the last turn: a gather of all tasks, each of them cancelled.
        with suppress(Exception):
            for task in asyncio.all_tasks(loop):
                if task.cancelling():
                    _look(task, WITH_ITS_LOOP, waiters=1)
        return stock(future)

    return replaced(loop, "run_until_complete", run_until_complete)


def _look(task: asyncio.Task[Any], why: str, waiters: int) -> None:
    """Note a task if it is the user's own, of some trace, and no more than so many wait for it."""
    context = trace_context(task)
    if not trace.get_current_span(context).get_span_context().is_valid or serves(task):
        return
    if _waiting(task) > waiters:  # cut off with what waits for it, and told as that
        return
    name, place = called(task), _place(context)
    write_dropped(name, place, names.TASK_CUT, why)
    token = attach(place)
    try:
        _log.warning("plain task cut off", task=name, why=why)
    finally:
        detach(token)


def _waiting(task: asyncio.Task[Any]) -> int:
    """How many wait for it, as far as its callbacks tell."""
    return sum(_waits(callback) for callback, _ in getattr(task, "_callbacks", None) or ())


def _waits(callback: Any) -> bool:
    if isinstance(getattr(callback, "__self__", None), asyncio.Task):
        return True
    return str(getattr(callback, "__module__", None) or "").startswith(_WAITERS)


def _place(context: Context) -> Context:
    """Where its span goes: what the task is in the middle of will never be sent."""
    exchange = context.get(EXCHANGE_KEY)
    if isinstance(exchange, Exchange) and trace.get_current_span(context).is_recording():
        return trace.set_span_in_context(exchange.span, context)
    return context
