"""Report plain create_task work that was garbage-collected, or failed unobserved.

A task without a reference can be collected while it waits; one that fails while nothing awaits it
is at best a line in the log. asyncio reports both to the loop's exception handler, from inside the
garbage collector. `interrupted_tasks` reports tasks that still run at shutdown.
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
from overlap.recorder.active import record_lost
from overlap.runtime.current_task import trace_context
from overlap.runtime.loop_methods import replaced
from overlap.runtime.stack import OWN

_SCOPE = "overlap.instrument.tasks"
_SERVERS = re.compile("-packages/(daphne|django/core/handlers|granian|hypercorn|uvicorn)/")


def watch_plain_tasks(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Report collected and failed tasks of `loop`; return a function that undoes it.

    The loop's own exception handler runs as before. Raises AttributeError if the loop takes no
    attributes.
    """
    stock: Any = loop.call_exception_handler

    def call_exception_handler(context: dict[str, Any]) -> None:
        with suppress(Exception):  # the loop's own report comes next
            _on_loop_error(loop, context)
        stock(context)

    return replaced(loop, "call_exception_handler", call_exception_handler)


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    if not isinstance(task, asyncio.Task) or is_server_task(task):
        return
    error = context.get("exception")
    # The collector may run while the SDK holds a lock: no span is made here, and the task itself
    # is not referenced.
    loop.call_soon_threadsafe(_note, task_name(task), trace_context(task), error)


def is_server_task(task: asyncio.Task[Any]) -> bool:
    """Return whether a task is a server's, Django's or ours: the request's span shows its end."""
    code: CodeType | None = getattr(task.get_coro(), "cr_code", None)
    if code is None:  # a compiled coroutine
        return False
    file = Path(code.co_filename).as_posix()
    if file.endswith("/asgiref/sync.py"):
        return code.co_qualname.startswith("AsyncToSync.")
    return file.startswith(f"{OWN}/") or _SERVERS.search(file) is not None


def task_name(task: asyncio.Task[Any]) -> str:
    """Return a plain task's name: its coroutine's, as `Task-7` says nothing."""
    return str(getattr(task.get_coro(), "__qualname__", "") or task.get_name())


def _note(name: str, context: Context, error: BaseException | None) -> None:
    if error is None:
        said = "it was collected while it waited: nothing held a reference to it"
        report_bad_end(name, context, names.TASK_LOST, said)
    else:
        said = f"{type(error).__qualname__}: {error}"
        report_bad_end(name, context, names.TASK_FAILED, said, error)


def report_bad_end(
    name: str, context: Context, end: str, said: str, error: BaseException | None = None
) -> None:
    """Send a span for a plain task with this end, and count it."""
    span = trace.get_tracer(_SCOPE).start_span(
        names.SPAN_TASK_DROPPED,
        context,
        attributes={names.TASK_NAME: name, names.TASK_END: end},
    )
    if error is not None:
        span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, said))
    if end == names.TASK_LOST:
        record_lost(name)
    task_metrics().ended(name, end, trace.set_span_in_context(span, context), is_ours=False)
    span.end()
