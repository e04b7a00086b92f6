"""`overlap.spawn`: start background work with a strong reference, a span, and a recorded end.

A task without a reference can be collected while it runs; its failure is at best a line at exit;
and no trace shows that a shutdown interrupted it. `spawn` is create_task without these problems.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import Span, Status, StatusCode, format_span_id

from overlap import names
from overlap.instrument.tasks import process_journal
from overlap.instrument.tasks.task_metrics import task_metrics
from overlap.runtime.guard import guarded
from overlap.telemetry.logs.own_lines import OwnLogger

Result = TypeVar("Result")

_SCOPE = "overlap.instrument.tasks"
_log = OwnLogger(_SCOPE)


@dataclass(eq=False, slots=True)
class Entry:
    """One task of the ledger."""

    id: str
    name: str
    task: asyncio.Task[Any]
    span: Span
    context: Context
    """The context of its span, for exemplars."""
    started: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    end: str | None = None
    note: int | None = None
    """Its slot in the journal."""


_RUNNING: dict[str, Entry] = {}


def spawn(coro: Coroutine[Any, Any, Result], *, name: str | None = None) -> asyncio.Task[Result]:
    """Start `coro` as a background task of the running loop; return the task.

    The task has a span of its own, a child of the current one, and a mark that is sent when it
    starts: a mark without a span is a task that was lost with its process. At shutdown the task
    is waited for, then cancelled. Raises RuntimeError if no loop runs.
    """
    loop = asyncio.get_running_loop()
    label: str = name or str(getattr(coro, "__qualname__", type(coro).__qualname__))
    task_id = uuid4().hex
    parent = get_current()
    span = guarded("a background task has no span", _start_span, label, task_id, parent)
    inside = parent if span is None else trace.set_span_in_context(span, parent)
    context = contextvars.copy_context()
    context.run(attach, inside)
    task: asyncio.Task[Result] = loop.create_task(coro, name=label, context=context)
    entry = Entry(task_id, label, task, span or trace.INVALID_SPAN, inside)
    _RUNNING[entry.id] = entry  # the reference that keeps the task alive
    guarded("a background task is not recorded", _record_start, entry, parent)
    # In the task's context, so that the log record of its end belongs to its span.
    task.add_done_callback(lambda done: _on_done(entry, done), context=context)
    return task


def _start_span(label: str, task_id: str, parent: Context) -> Span:
    """Start the task's span, and send the mark of its start."""
    tracer = trace.get_tracer(_SCOPE)
    identity = {names.TASK_ID: task_id, names.TASK_NAME: label}
    now = time.time_ns()
    span = tracer.start_span(label, parent, attributes=identity, start_time=now)
    own = {names.TASK_SPAN_ID: format_span_id(span.get_span_context().span_id)}
    mark = tracer.start_span(
        names.SPAN_TASK_STARTED, parent, attributes=identity | own, start_time=now
    )
    mark.end(now)
    return span


def _record_start(entry: Entry, parent: Context) -> None:
    span = trace.get_current_span(parent)
    entry.note = process_journal.record(entry.id, entry.name, entry.span, span)
    task_metrics().started(entry.name, entry.context)


def ledger() -> list[Entry]:
    """Return the tasks in progress, oldest first."""
    return list(_RUNNING.values())


def _on_done(entry: Entry, task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        record_end(entry, names.TASK_CANCELLED)
        return
    error = task.exception()  # retrieved, so that asyncio does not log "never retrieved"
    if error is None:
        record_end(entry, names.TASK_DONE)
        return
    if record_end(entry, names.TASK_FAILED, error):
        _log.error("background task failed", task=entry.name, exc_info=error)


def record_end(entry: Entry, end: str, error: BaseException | None = None) -> bool:
    """Record how a task ended. Only the first call counts, and returns True."""
    if entry.end is not None:
        return False
    entry.end = end
    _RUNNING.pop(entry.id, None)
    guarded("a background task's end is not recorded", _record_end, entry, end, error)
    return True


def _record_end(entry: Entry, end: str, error: BaseException | None) -> None:
    process_journal.erase(entry.note)
    span = entry.span
    span.set_attribute(names.TASK_END, end)
    if error is not None:
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__qualname__}: {error}"))
    elif end == names.TASK_LOST:
        span.set_status(Status(StatusCode.ERROR, "it did not end when cancelled at shutdown"))
    task_metrics().ended(entry.name, end, entry.context)
    span.end()
