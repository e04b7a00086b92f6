"""Trace the tasks of django-q2.

The trace context is one more entry of a task's package, a dict: a worker without Overlap reads
the entries it knows. A task that is delivered again keeps it.

A user imports `async_task` by name, where it can't be replaced any more. So a sending is followed
from the signal pre_enqueue, by way of the packing, to the broker; a run is what the worker does
between entering and leaving its TimeoutHandler.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap import names
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run, Sending
from overlap.runtime.class_methods import replace_in_subclasses, replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap_traceparent"
"""The entry with the trace context."""
_SENT = "a task is sent without its trace"
_RAN = "a task's run is not traced"
_sending: ContextVar[tuple[Any, Sending] | None] = ContextVar("overlap_q_sending", default=None)
"""The task's package that this context is sending."""
_started: ContextVar[Any] = ContextVar("overlap_q_started", default=None)
"""The package of the task that the worker is about to call."""
_running: ContextVar[tuple[Any, Run] | None] = ContextVar("overlap_q_running", default=None)
_saved: ContextVar[Any] = ContextVar("overlap_q_saved", default=None)
"""The trace context of the task whose result is being saved."""


def instrument_django_q() -> Callable[[], None]:
    """Trace django-q2 once it is imported; return a function that undoes it."""
    undo = ExitStack()
    for name, instrument in (
        ("signals", _instrument_signals),
        ("signing", _instrument_signing),
        ("brokers", _instrument_brokers),
        ("timeout", _instrument_timeout),
        ("monitor", _instrument_monitor),
    ):
        undo.callback(when_imported(f"django_q.{name}", instrument))
    return undo.close


def _instrument_signals(module: ModuleType, undo: ExitStack) -> None:
    for name, receiver in (
        ("pre_enqueue", _on_enqueue),
        ("pre_execute", _on_execute),
        ("post_execute_in_worker", _on_executed),  # since 1.10
    ):
        if (signal := getattr(module, name, None)) is not None:
            signal.connect(receiver, weak=False)
            undo.callback(signal.disconnect, receiver)


def _instrument_signing(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(replace_method(module.SignedPackage, "dumps", _dumps))


def _instrument_brokers(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(
        replace_in_subclasses(
            module.Broker, "enqueue", _enqueue, "a broker of django-q2 is not traced"
        )
    )


def _instrument_timeout(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(replace_method(module.TimeoutHandler, "__enter__", _enter))
    undo.callback(replace_method(module.TimeoutHandler, "__exit__", _exit))


def _instrument_monitor(module: ModuleType, undo: ExitStack) -> None:
    for name, make in (
        ("save_task", _save),
        ("save_cached", _save),
        ("async_chain", _send_next),
    ):
        undo.callback(replace_method(module, name, make))


def _message(task: Any) -> Message:
    from django_q.conf import Conf

    func = task["func"]
    name = func if isinstance(func, str) else f"{func.__module__}.{func.__qualname__}"
    return Message("django_q", name, str(task["id"]), str(task.get("cluster") or Conf.CLUSTER_NAME))


# Where it is sent:


def _on_enqueue(task: Any = None, **_signal: Any) -> None:
    guarded(_SENT, _start_sending, task)


def _start_sending(task: Any) -> None:
    sending = Sending("async_task", _message, task)
    task[CARRIER] = sending.carrier()
    if task.get("sync"):  # it runs at once, and no broker has it
        with sending.as_current():
            return
    _sending.set((task, sending))


def _take_sending() -> Sending | None:
    found = _sending.get()
    _sending.set(None)
    return None if found is None else found[1]


def _dumps(stock: Callable[..., Any]) -> Callable[..., Any]:
    def dumps(package: Any, *args: Any, **kwargs: Any) -> Any:
        sent = _sending.get()
        if sent is None or sent[0] is not package:
            return stock(package, *args, **kwargs)
        try:
            return stock(package, *args, **kwargs)
        except BaseException:
            _sending.set(None)
            with sent[1].as_current():  # records the error
                raise

    return dumps


def _enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enqueue(broker: Any, *args: Any, **kwargs: Any) -> Any:
        if (sending := _take_sending()) is None:
            return stock(broker, *args, **kwargs)
        with sending.as_current():
            return stock(broker, *args, **kwargs)

    return enqueue


# Where it runs:


def _on_execute(task: Any = None, **_signal: Any) -> None:
    _started.set(task)


def _enter(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enter(handler: Any) -> Any:
        result = stock(handler)
        guarded(_RAN, _start_run)
        return result

    return enter


def _start_run() -> None:
    if (task := _started.get()) is not None:
        _started.set(None)
        run = Run(_message(task), task.get(CARRIER))
        run.__enter__()
        _running.set((task, run))


def _exit(stock: Callable[..., Any]) -> Callable[..., Any]:
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


def _on_executed(task: Any = None, **_signal: Any) -> None:
    guarded(_RAN, _record_uncalled, task)


def _record_uncalled(task: Any) -> None:
    """Record the run of a task whose function does not exist: nothing was called."""
    if _started.get() is not task or task is None:
        return
    _started.set(None)
    with Run(_message(task), task.get(CARRIER)) as run:
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


# Where its result is saved, by another process:


def _save(stock: Callable[..., Any]) -> Callable[..., Any]:
    def save(task: Any, *args: Any, **kwargs: Any) -> Any:
        token = _saved.set(task.get(CARRIER))
        try:
            return stock(task, *args, **kwargs)
        finally:
            _saved.reset(token)

    return save


def _send_next(stock: Callable[..., Any]) -> Callable[..., Any]:
    def async_chain(*args: Any, **kwargs: Any) -> Any:
        with messages.continuing(_saved.get()):
            return stock(*args, **kwargs)

    return async_chain
