"""Trace Django's own tasks: django.tasks of Django 6, and its backport, the package django-tasks.

Any backend is traced that sends Django's signals and runs a task by `Task.call`. The database
worker of django-tasks-db runs it in another process: there the trace context is in the row's
JSON of arguments, beside them, where a worker without Overlap does not look.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap.instrument.calls.observed_signals import observe_signal
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap.traceparent"
"""The key of the trace context beside `args` and `kwargs`."""
_SYSTEM = "django_tasks"
_OPERATION = "enqueue"
_PACKAGES = ("django.tasks", "django_tasks")
_started: ContextVar[Any] = ContextVar("overlap_started_task", default=None)
"""The result of the task that a worker is about to call."""


def instrument_django_tasks() -> Callable[[], None]:
    """Trace tasks of Django once they are used; return a function that undoes it."""
    undo = ExitStack()
    for package in _PACKAGES:
        undo.callback(when_imported(f"{package}.base", _instrument_base))
        undo.callback(when_imported(f"{package}.signals", _instrument_signals))
    undo.callback(when_imported("django_tasks_db.models", _instrument_rows))
    return undo.close


def _instrument_base(module: ModuleType, undo: ExitStack) -> None:
    task = module.Task
    for name, make in (
        ("enqueue", _enqueue),
        ("aenqueue", _aenqueue),
        ("call", _call),
        ("acall", _acall),
    ):
        if hasattr(task, name):
            undo.callback(replace_method(task, name, make))


def _instrument_signals(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(observe_signal(module.task_started, _on_started))


def _instrument_rows(module: ModuleType, undo: ExitStack) -> None:
    from django.db.models.signals import pre_save

    undo.callback(observe_signal(pre_save, _on_save, sender=module.DBTaskResult))


def _message(task: Any, message_id: str = "") -> Message:
    return Message(_SYSTEM, str(task.module_path), message_id, str(task.queue_name or ""))


# Where it is sent:


def _enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enqueue(task: Any, *args: Any, **kwargs: Any) -> Any:
        with messages.sending(_OPERATION, _message, task) as span:
            result = stock(task, *args, **kwargs)
            messages.set_id(span, getattr(result, "id", None))
            return result

    return enqueue


def _aenqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    async def aenqueue(task: Any, *args: Any, **kwargs: Any) -> Any:
        with messages.sending(_OPERATION, _message, task) as span:
            result = await stock(task, *args, **kwargs)
            messages.set_id(span, getattr(result, "id", None))
            return result

    return aenqueue


def _on_save(instance: Any, **_signal: Any) -> None:
    guarded("a task is stored without its trace", _store_carrier, instance)


def _store_carrier(row: Any) -> None:
    if row._state.adding and isinstance(row.args_kwargs, dict) and (found := messages.carrier()):
        row.args_kwargs = row.args_kwargs | {CARRIER: found}


# Where it runs:


def _on_started(task_result: Any = None, **_signal: Any) -> None:
    _started.set(task_result)


def _run(task: Any) -> Run | None:
    """Return the run of the task that a worker calls; None if anybody else calls it."""
    result = _started.get()
    if result is None or result.task.func is not task.func:
        return None
    _started.set(None)
    row = getattr(result, "db_result", None)
    carrier = getattr(row, "args_kwargs", {}).get(CARRIER)
    return Run(_message(task, str(result.id)), carrier, retries=_tries(result) - 1)


def _tries(result: Any) -> int:
    return len(getattr(result, "worker_ids", ()))


def _call(stock: Callable[..., Any]) -> Callable[..., Any]:
    def call(task: Any, *args: Any, **kwargs: Any) -> Any:
        run = guarded("a task's run is not traced", _run, task)
        if run is None:
            return stock(task, *args, **kwargs)
        with run:
            return stock(task, *args, **kwargs)

    return call


def _acall(stock: Callable[..., Any]) -> Callable[..., Any]:
    async def acall(task: Any, *args: Any, **kwargs: Any) -> Any:
        run = guarded("a task's run is not traced", _run, task)
        if run is None:
            return await stock(task, *args, **kwargs)
        with run:
            return await stock(task, *args, **kwargs)

    return acall
