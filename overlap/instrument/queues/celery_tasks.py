"""Trace Celery tasks: one trace from the caller into the worker.

Built on opentelemetry-instrumentation-celery, with its span of a task's run, without its
`use_span_links`: a link starts a second trace, and a trace that ends at the broker shows neither
whether the work was done nor when. Added here: the names of today's conventions, why a task is
retried, and revoked tasks. The spans of sent messages are our own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind
from wrapt import wrap_function_wrapper

from overlap import names
from overlap.instrument.calls.project_instrumentors import give_way, uninstrument
from overlap.instrument.queues.messages import Message
from overlap.runtime.when_imported import when_imported

_SCOPE = "overlap.instrument.celery"
_SYSTEM = "celery"
_SENDING: ContextVar[tuple[AbstractContextManager[Span], ...]] = ContextVar(
    "overlap_sending", default=()
)
"""The spans of what this context is sending, the innermost last."""


def instrument_celery() -> Callable[[], None]:
    """Trace Celery's messages and tasks once it is imported; return a function that undoes it.

    Do nothing if Celery or its instrumentation is not installed.
    """
    if find_spec("opentelemetry.instrumentation.celery") is None:
        return lambda: None
    return when_imported("celery", _instrument)


def _instrument(_: ModuleType, undo: ExitStack) -> None:
    from opentelemetry.instrumentation.celery import CeleryInstrumentor

    instrumentor: Any = CeleryInstrumentor()  # type: ignore[no-untyped-call]
    if instrumentor.is_instrumented_by_opentelemetry:
        _extend(instrumentor, undo)
        return
    ours = ExitStack()
    instrumentor.instrument()
    ours.callback(uninstrument, instrumentor)
    _extend(instrumentor, ours)
    undo.callback(give_way(instrumentor, ours.close, lambda: _extend(instrumentor, undo)))


def _extend(instrumentor: Any, undo: ExitStack) -> None:
    """Add ours to the stock instrumentation, the project's or our own."""
    from celery import signals

    # Before the stock one's, which ends the span.
    signals.task_postrun.disconnect(instrumentor._trace_postrun)
    for after_run in (_after_run, instrumentor._trace_postrun):
        signals.task_postrun.connect(after_run, weak=False)
    undo.callback(signals.task_postrun.disconnect, _after_run)
    # Its span of a task that is known by its name alone ends before anything is sent, and that
    # of a sending which fails never.
    signals.before_task_publish.disconnect(instrumentor._trace_before_publish)
    signals.after_task_publish.disconnect(instrumentor._trace_after_publish)
    # After the stock one's: its span is the current one then.
    for signal, receiver in (
        (signals.before_task_publish, _before_publish),
        (signals.after_task_publish, _after_publish),
        (signals.task_prerun, _before_run),
        (signals.task_retry, _on_retry),
        (signals.task_revoked, _on_revoked),
    ):
        signal.connect(receiver, weak=False)
        undo.callback(signal.disconnect, receiver)
    wrap_function_wrapper("celery", "Celery.send_task", _send)
    wrap_function_wrapper("celery.app.task", "Task.apply_async", _send)
    undo.callback(_unwrap)


def _unwrap() -> None:
    from celery import Celery
    from celery.app.task import Task
    from opentelemetry.instrumentation.utils import unwrap

    unwrap(Celery, "send_task")
    unwrap(Task, "apply_async")


def _before_publish(
    sender: Any = None, headers: Any = None, routing_key: Any = None, **_: Any
) -> None:
    message = Message(
        _SYSTEM, str(sender), str((headers or {}).get("id") or ""), str(routing_key or "")
    )
    span = trace.get_tracer(_SCOPE).start_span(
        f"apply_async/{sender}",
        kind=SpanKind.PRODUCER,
        attributes=message.attributes("apply_async", "send")
        | {names.CELERY_TASK_NAME: message.task},
    )
    activation = trace.use_span(span, end_on_exit=True)
    activation.__enter__()
    _SENDING.set((*_SENDING.get(), activation))
    if headers is not None:
        propagate.inject(headers)


def _after_publish(**_: Any) -> None:
    *others, activation = _SENDING.get()
    _SENDING.set(tuple(others))
    activation.__exit__(None, None, None)


def _send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Send; if that fails, end the spans started for it with the error."""
    before = _SENDING.get()
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        for activation in reversed(_SENDING.get()[len(before) :]):
            activation.__exit__(type(error), error, error.__traceback__)
        _SENDING.set(before)
        raise


def _before_run(**_: Any) -> None:
    trace.get_current_span().set_attributes(
        {
            names.MESSAGING_SYSTEM: _SYSTEM,
            names.MESSAGING_OPERATION_NAME: "run",
            names.MESSAGING_OPERATION_TYPE: "process",
        }
    )


def _on_retry(reason: Any = None, **_: Any) -> None:
    if isinstance(reason, BaseException):
        trace.get_current_span().record_exception(getattr(reason, "exc", None) or reason)


def _after_run(state: str | None = None, **_: Any) -> None:
    # Without a state the run did not finish: the process was stopped.
    if state is None:
        trace.get_current_span().set_attribute(names.CANCELLED, True)


def _on_revoked(
    request: Any = None,
    terminated: bool = False,
    signum: Any = None,
    expired: bool = False,
    **_: Any,
) -> None:
    """Send a mark of a revoked task from the worker: its run may never start."""
    from opentelemetry.instrumentation.celery import celery_getter

    now = time.time_ns()
    span = trace.get_tracer(_SCOPE).start_span(
        f"revoke/{request.task}",
        context=propagate.extract(request, getter=celery_getter),
        kind=SpanKind.CONSUMER,
        start_time=now,
        attributes=Message(_SYSTEM, str(request.task), str(request.id)).attributes(
            "revoke", "settle"
        )
        | {
            names.CELERY_TASK_NAME: str(request.task),
            names.CELERY_STATE: "REVOKED",
            names.CELERY_REVOKED_REASON: (
                "terminated" if terminated else "expired" if expired else "revoked"
            ),
        },
    )
    if terminated and signum:
        span.set_attribute(names.CELERY_TERMINATED_SIGNAL, str(signum))
    span.end(now)
