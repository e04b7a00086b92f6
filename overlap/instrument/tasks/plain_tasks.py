"""Plain create_task work that came to a bad end which nobody heard of, written down.

A task that nobody holds can be collected while it waits; one that fails while nobody awaits it
is at best a line in the log. asyncio tells its loop of both, from inside the collector.
Those that still run at a shutdown are found by overlap.instrument.tasks.interrupted_tasks.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Status, StatusCode

from overlap import names
from overlap.instrument.tasks.task_metrics import task_metrics
from overlap.runtime.current_task import trace_context
from overlap.runtime.loop_methods import replaced
from overlap.runtime.stack import OWN

_SCOPE = "overlap.instrument.tasks"
_SERVERS = re.compile("-packages/(daphne|django/core/handlers|granian|hypercorn|uvicorn)/")


def watch_dropped(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Note the loop's collected and unheard tasks; gives back a function that stops it.

    What the loop says of them itself, it says as before. Raises AttributeError where the loop
    takes no attributes.
    """
    stock: Any = loop.call_exception_handler

    def call_exception_handler(context: dict[str, Any]) -> None:
        with suppress(Exception):  # the loop's own word is not to be lost
            _hear(loop, context)
        stock(context)

    return replaced(loop, "call_exception_handler", call_exception_handler)


def _hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    if not isinstance(task, asyncio.Task) or serves(task):
        return
    error = context.get("exception")
    # The collector may have come while the SDK held a lock: nothing is made here and now, and
    # the task itself is not kept.
    loop.call_soon_threadsafe(_note, called(task), trace_context(task), error)


def serves(task: asyncio.Task[Any]) -> bool:
    """Whether it is a server's, Django's or our own: how a request ends, its own span says."""
    code: CodeType | None = getattr(task.get_coro(), "cr_code", None)
    if code is None:  # compiled, or no coroutine of Python's
        return False
    file = Path(code.co_filename).as_posix()
    if file.endswith("/asgiref/sync.py"):
        return code.co_qualname.startswith("AsyncToSync.")
    return file.startswith(f"{OWN}/") or _SERVERS.search(file) is not None


def called(task: asyncio.Task[Any]) -> str:
    """A plain task's name: that of its coroutine, since `Task-7` tells nobody anything."""
    return str(getattr(task.get_coro(), "__qualname__", "") or task.get_name())


def _note(name: str, context: Context, error: BaseException | None) -> None:
    if error is None:
        said = "it was collected while it waited: nothing held a reference to it"
        write_dropped(name, context, names.TASK_LOST, said)
    else:
        said = f"{type(error).__qualname__}: {error}"
        write_dropped(name, context, names.TASK_FAILED, said, error)


def write_dropped(
    name: str, context: Context, end: str, said: str, error: BaseException | None = None
) -> None:
    """Send the span of a plain task that came to this bad end, and count it."""
    span = trace.get_tracer(_SCOPE).start_span(
        names.SPAN_TASK_DROPPED,
        context,
        attributes={names.TASK_NAME: name, names.TASK_END: end},
    )
    if error is not None:
        span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, said))
    task_metrics().ended(name, end, trace.set_span_in_context(span, context), is_ours=False)
    span.end()
