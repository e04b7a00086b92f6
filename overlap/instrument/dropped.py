"""Plain create_task work that came to a bad end which nobody heard of, written down.

A task that nobody holds can be collected while it waits; one that fails while nobody awaits it
is at best a line in the log. asyncio tells its loop of both, from inside the collector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Status, StatusCode

from overlap import names
from overlap.instrument.current import trace_context
from overlap.instrument.task_metrics import task_metrics

_SCOPE = "overlap.instrument.tasks"


def watch_dropped(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Note the loop's collected and unheard tasks; gives back a function that stops it.

    What the loop says of them itself, it says as before.
    """
    stock: Any = loop.call_exception_handler

    def call_exception_handler(context: dict[str, Any]) -> None:
        with suppress(Exception):  # the loop's own word is not to be lost
            _hear(loop, context)
        stock(context)

    try:
        loop.call_exception_handler = call_exception_handler  # type: ignore[method-assign]
    except AttributeError:  # a loop of another making
        return lambda: None

    def undo() -> None:
        if vars(loop).get("call_exception_handler") is call_exception_handler:
            del loop.call_exception_handler

    return undo


def _hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    if not isinstance(task, asyncio.Task):
        return
    error = context.get("exception")
    coro: Any = task.get_coro()
    name = str(getattr(coro, "__qualname__", "") or task.get_name())
    # The collector may have come while the SDK held a lock: nothing is made here and now, and
    # the task itself is not kept.
    loop.call_soon_threadsafe(_note, name, trace_context(task), error)


def _note(name: str, context: Context, error: BaseException | None) -> None:
    end = names.TASK_LOST if error is None else names.TASK_FAILED
    span = trace.get_tracer(_SCOPE).start_span(
        names.SPAN_TASK_DROPPED,
        context,
        attributes={names.TASK_NAME: name, names.TASK_END: end},
    )
    if error is None:
        said = "it was collected while it waited: nothing held a reference to it"
    else:
        span.record_exception(error)
        said = f"{type(error).__qualname__}: {error}"
    span.set_status(Status(StatusCode.ERROR, said))
    task_metrics().ended(name, end, trace.set_span_in_context(span, context), is_ours=False)
    span.end()
