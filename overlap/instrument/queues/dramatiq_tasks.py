"""Trace dramatiq's messages and actors.

The trace context is an option of the message: options that a worker does not know are ignored.
A retry is the same message once more, which its worker enqueues: it keeps the context, and only
the first sending has a span.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap import names
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.class_methods import replace_in_subclasses, replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap.traceparent"
"""The option with the trace context."""
_running: ContextVar[Run | None] = ContextVar("overlap_dramatiq_run", default=None)


def instrument_dramatiq() -> Callable[[], None]:
    """Trace dramatiq once it is imported; return a function that undoes it."""
    undo = ExitStack()
    undo.callback(when_imported("dramatiq.broker", _instrument_broker))
    undo.callback(when_imported("dramatiq.worker", _instrument_worker))
    return undo.close


def _instrument_broker(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(
        replace_in_subclasses(
            module.Broker, "enqueue", _enqueue, "a broker of dramatiq is not traced"
        )
    )
    undo.callback(replace_method(module.Broker, "emit_after", _emit_after))
    undo.callback(replace_method(module.MessageProxy, "stuff_exception", _stuff_exception))


def _instrument_worker(module: ModuleType, undo: ExitStack) -> None:
    undo.callback(replace_method(module.WorkerThread, "process_message", _process))


def _message(message: Any) -> Message:
    return Message("dramatiq", message.actor_name, message.message_id, message.queue_name)


def _enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enqueue(broker: Any, message: Any, *args: Any, **kwargs: Any) -> Any:
        if guarded("a message is sent without its trace", _is_sent, message) is not False:
            return stock(broker, message, *args, **kwargs)
        with messages.sending("send", _message, message):
            traced = guarded("a message is sent without its trace", _with_carrier, message)
            return stock(broker, traced or message, *args, **kwargs)

    return enqueue


def _is_sent(message: Any) -> bool:
    """Return whether the message was sent before: this is another try, or its delay is over."""
    return CARRIER in message.options


def _with_carrier(message: Any) -> Any:
    return message.copy(options={CARRIER: messages.carrier()})


def _process(stock: Callable[..., Any]) -> Callable[..., Any]:
    def process_message(worker: Any, message: Any) -> Any:
        run = guarded("a message's run is not traced", _run, message)
        if run is None:
            return stock(worker, message)
        with run:
            token = _running.set(run)
            try:
                return stock(worker, message)
            finally:
                _running.reset(token)
                guarded("a message's end is not recorded", _set_state, run, message)

    return process_message


def _run(message: Any) -> Run:
    options = message.options
    return Run(_message(message), options.get(CARRIER), retries=options.get("retries", 0))


def _set_state(run: Run, message: Any) -> None:
    if run.error is None or run.state:
        return
    # The worker hides what an actor raises: the middleware Retries counts, or fails the message.
    is_retried = not message.failed and message.options.get("retries", 0)
    run.state = names.QUEUE_RETRY if is_retried else names.QUEUE_FAILED


def _stuff_exception(stock: Callable[..., Any]) -> Callable[..., Any]:
    def stuff_exception(message: Any, exception: BaseException) -> None:
        if (run := _running.get()) is not None:
            run.error = exception
        stock(message, exception)

    return stuff_exception


def _emit_after(stock: Callable[..., Any]) -> Callable[..., Any]:
    def emit_after(broker: Any, signal: str, *args: Any, **kwargs: Any) -> None:
        if signal == "skip_message" and (run := _running.get()) is not None:
            run.state = names.QUEUE_REVOKED
        stock(broker, signal, *args, **kwargs)

    return emit_after
