"""The runs of django-q2's tasks, and what is sent when their results are saved.

A run is what the worker does between entering and leaving its TimeoutHandler.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from overlap import names
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.guard import guarded

CARRIER = "overlap_traceparent"
"""The entry with the trace context."""
_RAN = "a task's run is not traced"
_started: ContextVar[Any] = ContextVar("overlap_q_started", default=None)
"""The package of the task that the worker is about to call."""
_running: ContextVar[tuple[Any, Run] | None] = ContextVar("overlap_q_running", default=None)
_saved: ContextVar[Any] = ContextVar("overlap_q_saved", default=None)
"""The trace context of the task whose result is being saved."""


def message_of(task: Any) -> Message:
    """Return the message of a task's package."""
    from django_q.conf import Conf

    func = task["func"]
    name = func if isinstance(func, str) else f"{func.__module__}.{func.__qualname__}"
    return Message("django_q", name, str(task["id"]), str(task.get("cluster") or Conf.CLUSTER_NAME))


def on_execute(task: Any = None, **_signal: Any) -> None:
    """Note the task that the worker is about to call."""
    _started.set(task)


def enter_timeout(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return TimeoutHandler's method, after which the run begins."""

    def enter(handler: Any) -> Any:
        result = stock(handler)
        guarded(_RAN, _start_run)
        return result

    return enter


def _start_run() -> None:
    if (task := _started.get()) is not None:
        _started.set(None)
        run = Run(message_of(task), task.get(CARRIER))
        run.__enter__()
        _running.set((task, run))


def leave_timeout(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return TimeoutHandler's method, before which the run ends."""

    def leave(handler: Any, kind: Any, error: Any, traceback: Any) -> Any:
        guarded(_RAN, _end_run, error)
        return stock(handler, kind, error, traceback)

    return leave


def _end_run(error: BaseException | None) -> None:
    if (found := _running.get()) is None:
        return
    _running.set(None)
    task, run = found
    try:
        task[CARRIER] = messages.carrier()  # for what follows: the next of a chain
        if isinstance(error, Exception | SystemExit):  # as TimeoutException is
            run.state = _state_of_failure(task)
            run.error = error
    finally:
        run.__exit__(None, None, None)


def on_executed(task: Any = None, **_signal: Any) -> None:
    """Record the run of a task that could not be called."""
    guarded(_RAN, _record_uncalled, task)


def _record_uncalled(task: Any) -> None:
    """Record the run of a task whose function does not exist: nothing was called."""
    if _started.get() is not task or task is None:
        return
    _started.set(None)
    with Run(message_of(task), task.get(CARRIER)) as run:
        run.state = _state_of_failure(task)
        run.reason = str(task.get("result") or "").partition(" : ")[0]


def _state_of_failure(task: Any) -> str:
    """Return whether a task that failed will be delivered again, as the monitor decides it."""
    from django_q.conf import Conf
    from django_q.models import Task

    if not task.get("ack_id") or task.get("ack_failure"):
        return names.QUEUE_FAILED
    if Conf.MAX_ATTEMPTS <= 0:
        return names.QUEUE_RETRY
    before = Task.objects.filter(id=task["id"]).values_list("attempt_count", flat=True).first()
    is_last = (before or 0) + 1 >= Conf.MAX_ATTEMPTS
    return names.QUEUE_FAILED if is_last else names.QUEUE_RETRY


def save_result(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the monitor that saves a result, and knows whose it is."""

    def save(task: Any, *args: Any, **kwargs: Any) -> Any:
        token = _saved.set(task.get(CARRIER))
        try:
            return stock(task, *args, **kwargs)
        finally:
            _saved.reset(token)

    return save


def send_next(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return the monitor's function that sends the next task of a chain, in the same trace."""

    def async_chain(*args: Any, **kwargs: Any) -> Any:
        with messages.continuing(_saved.get()):
            return stock(*args, **kwargs)

    return async_chain
