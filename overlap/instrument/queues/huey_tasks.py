"""Trace huey's tasks.

A message of huey is a tuple with no place for more, and a worker without Overlap must be able to
read it. So the trace context is an attribute of the mapping of keyword arguments: an OrderedDict,
which pickle stores with its attributes. With a serializer that drops it, the run is a trace of
its own. A retry, or a task whose time has come, keeps it: only the first sending has a span.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap import names
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap_traceparent"
"""The attribute with the trace context."""
_TRIES = "overlap_tries"
"""The attribute with the number of runs until now: huey counts down those that are left."""
_REVOKED = frozenset({"revoked", "expired"})
_running: ContextVar[Run | None] = ContextVar("overlap_huey_run", default=None)


def instrument_huey() -> Callable[[], None]:
    """Trace huey once it is imported; return a function that undoes it."""
    return when_imported("huey.api", _instrument)


def _instrument(module: ModuleType, undo: ExitStack) -> None:
    huey = module.Huey

    def make_enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
        def enqueue(self: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
            # A group or a chord is enqueued task by task.
            if not isinstance(task, module.Task) or hasattr(task.kwargs, CARRIER):
                return stock(self, task, *args, **kwargs)
            with messages.sending("enqueue", _message, self, task):
                guarded("a task is sent without its trace", _add_carrier, task)
                return stock(self, task, *args, **kwargs)

        return enqueue

    undo.callback(replace_method(huey, "enqueue", make_enqueue))
    undo.callback(replace_method(huey, "_execute", _execute))
    undo.callback(replace_method(huey, "_emit", _emit))


def _message(huey: Any, task: Any) -> Message:
    return Message("huey", f"{type(task).__module__}.{task.name}", str(task.id), str(huey.name))


def _add_carrier(task: Any) -> None:
    kwargs: Any = OrderedDict(task.kwargs)
    setattr(kwargs, CARRIER, messages.carrier())
    task.kwargs = kwargs


def _execute(stock: Callable[..., Any]) -> Callable[..., Any]:
    def execute(huey: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
        run = guarded("a task's run is not traced", _run, huey, task)
        if run is None:
            return stock(huey, task, *args, **kwargs)
        with run:
            token = _running.set(run)
            try:
                return stock(huey, task, *args, **kwargs)
            finally:
                _running.reset(token)
                vars(task).pop("execute", None)

    return execute


def _run(huey: Any, task: Any) -> Run:
    tries = getattr(task.kwargs, _TRIES, 0)
    if hasattr(task.kwargs, CARRIER):
        setattr(task.kwargs, _TRIES, tries + 1)
    run = Run(_message(huey, task), getattr(task.kwargs, CARRIER, None), retries=tries)
    stock = task.execute

    def execute() -> Any:
        """Execute the task, and remember what it raises: huey handles that."""
        try:
            return stock()
        except BaseException as error:
            run.error = error
            raise

    task.execute = execute
    return run


def _emit(stock: Callable[..., Any]) -> Callable[..., Any]:
    def emit(huey: Any, signal: str, task: Any, *args: Any, **kwargs: Any) -> Any:
        guarded("a task's end is not recorded", _on_signal, huey, signal, task)
        return stock(huey, signal, task, *args, **kwargs)

    return emit


def _on_signal(huey: Any, signal: str, task: Any) -> None:
    run = _running.get()
    if signal in _REVOKED:
        messages.mark_revoked(_message(huey, task), getattr(task.kwargs, CARRIER, None))
    elif run is None:
        return
    elif signal == "retrying":
        run.state = names.QUEUE_RETRY
    elif signal == "canceled" and run.error is None:
        run.state = names.QUEUE_REVOKED  # a hook before the task refused it
