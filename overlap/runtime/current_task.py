"""The current task of a loop and its trace context, read from another thread."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from typing import Any

from opentelemetry.context import _RUNTIME_CONTEXT, Context


def current_task(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Any] | None:
    """Return the task that `loop` runs at this moment. Safe from any thread."""
    try:
        return asyncio.current_task(loop)
    except RuntimeError:
        return None


def trace_context(task: asyncio.Task[Any] | None) -> Context:
    """Return OpenTelemetry's context inside `task`; an empty one if it is not known."""
    variable = getattr(_RUNTIME_CONTEXT, "_current_context", None)
    context = context_of(task) if task is not None else None
    if context is None or variable is None:
        return Context()
    found = context.get(variable)
    return found if isinstance(found, Context) else Context()


def context_of(task: asyncio.Task[Any]) -> contextvars.Context | None:
    """Return the context variables of a task; None if they are not known."""
    if hasattr(task, "get_context"):  # Python 3.12
        context: contextvars.Context = task.get_context()
        return context
    # In Python 3.11 a task has no get_context, but the collector knows its references.
    for referent in gc.get_referents(task):
        if isinstance(referent, contextvars.Context):
            return referent
    return None
