"""What a loop runs just now, asked from another thread: the task, and its trace context."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from typing import Any

from opentelemetry.context import _RUNTIME_CONTEXT, Context


def current_task(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Any] | None:
    """The task that `loop` steps at this moment. Safe from any thread with the loop given."""
    try:
        return asyncio.current_task(loop)
    except RuntimeError:
        return None


def trace_context(task: asyncio.Task[Any] | None) -> Context:
    """OpenTelemetry's context as it is inside `task`; an empty one where it can't be known."""
    variable = getattr(_RUNTIME_CONTEXT, "_current_context", None)
    context = _context_of(task) if task is not None else None
    if context is None or variable is None:
        return Context()
    found = context.get(variable)
    return found if isinstance(found, Context) else Context()


def _context_of(task: asyncio.Task[Any]) -> contextvars.Context | None:
    if hasattr(task, "get_context"):  # Python 3.12
        context: contextvars.Context = task.get_context()
        return context
    # Python 3.11's task does not tell, but the collector knows what it refers to.
    for referent in gc.get_referents(task):
        if isinstance(referent, contextvars.Context):
            return referent
    return None
