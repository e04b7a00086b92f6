"""Trace the tasks of django-q2.

The trace context is one more entry of a task's package, a dict: a worker without Overlap reads
the entries it knows. A task that is delivered again keeps it.

A user imports `async_task` by name, where it can't be replaced any more. So a sending is followed
from the signal pre_enqueue, by way of the packing, to the broker. Its runs are in
`django_q_runs`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap.instrument.calls.observed_signals import observe_signal
from overlap.instrument.queues import django_q_runs
from overlap.instrument.queues.messages import Sending
from overlap.runtime.class_methods import replace_in_subclasses, replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_SENT = "a task is sent without its trace"
_sending: ContextVar[tuple[Any, Sending] | None] = ContextVar("overlap_q_sending", default=None)
"""The task's package that this context is sending."""


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
        ("pre_execute", django_q_runs.on_execute),
        ("post_execute_in_worker", django_q_runs.on_executed),  # since 1.10
    ):
        if (signal := getattr(module, name, None)) is not None:
            undo.callback(observe_signal(signal, receiver))


def _instrument_signing(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(replace_method(module.SignedPackage, "dumps", _dumps))


def _instrument_brokers(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(
        replace_in_subclasses(
            module.Broker, "enqueue", _enqueue, "a broker of django-q2 is not traced"
        )
    )


def _instrument_timeout(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(replace_method(module.TimeoutHandler, "__enter__", django_q_runs.enter_timeout))
    undo.callback(replace_method(module.TimeoutHandler, "__exit__", django_q_runs.leave_timeout))


def _instrument_monitor(module: ModuleType, undo: ExitStack) -> None:
    for name, make in (
        ("save_task", django_q_runs.save_result),
        ("save_cached", django_q_runs.save_result),
        ("async_chain", django_q_runs.send_next),
    ):
        undo.callback(replace_method(module, name, make))


# Where it is sent:


def _on_enqueue(task: Any = None, **_signal: Any) -> None:
    guarded(_SENT, _start_sending, task)


def _start_sending(task: Any) -> None:
    sending = Sending("async_task", django_q_runs.message_of, task)
    task[django_q_runs.CARRIER] = sending.carrier()
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
