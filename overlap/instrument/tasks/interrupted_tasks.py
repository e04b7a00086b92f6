"""Report plain create_task work that a shutdown interrupts.

Nothing is recorded while requests run: asyncio knows its tasks and each task its context, and they
are read once, at the end. That is after the server's shutdown, when background work has been
drained; or, if the server sends none, when asyncio.run cancels what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach

from overlap import names
from overlap.instrument.requests.server_span import SERVER_SPAN_KEY, ServerSpan
from overlap.instrument.tasks.plain_tasks import is_server_task, report_bad_end, task_name
from overlap.runtime.current_task import trace_context
from overlap.runtime.loop_methods import replaced
from overlap.telemetry.logs.own_lines import OwnLogger

AT_SHUTDOWN = "it still ran when its process shut down, which did not wait for it"
WITH_ITS_LOOP = "it still ran when its event loop ended, which cancelled it"

_WAITERS = ("anyio.", "asyncio.", "overlap.")
"""A callback from these modules means that a gather, a group or the like waits for the task."""

_log = OwnLogger("overlap.instrument.tasks")


def report_running() -> None:
    """Report the running loop's plain tasks: the process ends without waiting for them."""
    with suppress(Exception):  # the shutdown goes on
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            _report(task, AT_SHUTDOWN, waiters=0)


def watch_interrupted_tasks(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Report what asyncio.run cancels at its end; return a function that undoes it.

    Raises AttributeError if the loop takes no attributes.
    """
    stock: Any = loop.run_until_complete

    def run_until_complete(future: Any) -> Any:
        # asyncio.run first cancels all tasks, and then runs a gather of them.
        with suppress(Exception):
            for task in asyncio.all_tasks(loop):
                if task.cancelling():
                    _report(task, WITH_ITS_LOOP, waiters=1)
        return stock(future)

    return replaced(loop, "run_until_complete", run_until_complete)


def _report(task: asyncio.Task[Any], why: str, waiters: int) -> None:
    """Report a task of the user's, in a trace, that no more than `waiters` wait for."""
    context = trace_context(task)
    if not trace.get_current_span(context).get_span_context().is_valid or is_server_task(task):
        return
    if _waiting(task) > waiters:  # reported with what waits for it
        return
    name, parent = task_name(task), _report_context(context)
    report_bad_end(name, parent, names.TASK_CUT, why)
    token = attach(parent)
    try:
        _log.warning("plain task cut off", task=name, why=why)
    finally:
        detach(token)


def _waiting(task: asyncio.Task[Any]) -> int:
    """Return how many wait for the task, by its callbacks."""
    return sum(_waits(callback) for callback, _ in getattr(task, "_callbacks", None) or ())


def _waits(callback: Any) -> bool:
    if isinstance(getattr(callback, "__self__", None), asyncio.Task):
        return True
    return str(getattr(callback, "__module__", None) or "").startswith(_WAITERS)


def _report_context(context: Context) -> Context:
    """Return where to report: the current span may never end, so the request's span is better."""
    server_span = context.get(SERVER_SPAN_KEY)
    if isinstance(server_span, ServerSpan) and trace.get_current_span(context).is_recording():
        return trace.set_span_in_context(server_span.span, context)
    return context
