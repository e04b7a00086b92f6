"""The spans of a queued task, by the messaging conventions: PRODUCER and CONSUMER.

The message takes the trace context along (`carrier`), as each queue allows: the run's span is
then in the trace of its sender, a child of the span that sent it. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from overlap import names
from overlap.runtime.guard import CurrentSpan, guarded, never_raises

_SCOPE = "overlap.instrument.queues"
_SEND = "a task that is sent to a queue is not traced"
_RUN = "a task of a queue is not traced"

Attributes = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: one task for a worker."""

    system: str
    """The queue's software: `celery`, `dramatiq`, …"""
    task: str
    id: str = ""
    """The same for each try. Empty if it is not known yet."""
    queue: str = ""

    def attributes(self, operation: str, kind: str) -> Attributes:
        """Return its attributes; operation: what the software calls it; kind: by convention."""
        found: Attributes = {
            names.MESSAGING_SYSTEM: self.system,
            names.MESSAGING_OPERATION_NAME: operation,
            names.MESSAGING_OPERATION_TYPE: kind,
            names.QUEUE_TASK: self.task,
            names.MESSAGING_DESTINATION_NAME: self.queue,
            names.MESSAGING_MESSAGE_ID: self.id,
        }
        return {key: value for key, value in found.items() if value}


def sending(operation: str, make: Callable[..., Message], *args: Any) -> CurrentSpan:
    """Return a context manager in which the message `make(*args)` is sent: its span is current."""
    return Sending(operation, make, *args).as_current()


class Sending:
    """The sending of the message `make(*args)`, where more than one function has a part in it."""

    __slots__ = ("_span",)

    def __init__(self, operation: str, make: Callable[..., Message], *args: Any) -> None:
        self._span = guarded(_SEND, _start_sending, operation, make, args)

    def carrier(self) -> dict[str, str]:
        """Return its trace context, as a message takes it along; empty if there is none."""
        return {} if self._span is None else carrier(set_span_in_context(self._span))

    def as_current(self) -> CurrentSpan:
        """Return a context manager in which its span is current, and after which it ends."""
        return CurrentSpan(_SEND, self._span)


def _start_sending(operation: str, make: Callable[..., Message], args: tuple[Any, ...]) -> Span:
    message = make(*args)
    return trace.get_tracer(_SCOPE).start_span(
        f"{operation} {message.task}",
        kind=SpanKind.PRODUCER,
        attributes=message.attributes(operation, "send"),
    )


def carrier(context: Context | None = None) -> dict[str, str]:
    """Return a trace context, by default the current one, as a message takes it along.

    Empty if there is none.
    """
    found: dict[str, str] = {}
    guarded(_SEND, propagate.inject, found, context)
    return found


@contextmanager
def continuing(carrier: object) -> Iterator[None]:
    """Return a context manager in which the trace of a carrier is continued, if it has one."""
    context = guarded(_SEND, _context, carrier)
    if context is None:
        yield
        return
    token = attach(context)
    try:
        yield
    finally:
        detach(token)  # logs by itself, and never raises


@never_raises(_SEND)
def set_id(span: Span | None, message_id: object) -> None:
    """Set a message's id on its span, once it is known."""
    if span is not None and message_id:
        span.set_attribute(names.MESSAGING_MESSAGE_ID, str(message_id))


class Run:
    """The run of a task: a context manager. Without a carrier it is below the current span.

    start_ns: when it started, in nanoseconds of the epoch, where that was before now.
    """

    __slots__ = ("_span", "error", "reason", "state")

    def __init__(
        self,
        message: Message,
        carrier: object = None,
        *,
        retries: int = 0,
        start_ns: int | None = None,
    ) -> None:
        span = guarded(_RUN, _start_run, message, carrier, retries, start_ns)
        self._span = CurrentSpan(_RUN, span)
        self.state = ""
        """One of the QUEUE_ values, where the queue decides it; otherwise it follows from error."""
        self.error: BaseException | None = None
        """What the task raised, where the queue handles it before the run's end."""
        self.reason = ""
        """Why the task failed, where the queue says it and there is no exception."""

    def __enter__(self) -> Run:
        self._span.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        guarded(_RUN, self._record, error or self.error)
        self._span.__exit__(None, None, None)

    def _record(self, error: BaseException | None) -> None:
        span = trace.get_current_span()
        if not span.is_recording():
            return
        if error is not None and not isinstance(error, Exception) and not self.state:
            span.set_attribute(names.CANCELLED, True)  # the worker is stopped: no failure
            return
        state = self.state or (names.QUEUE_DONE if error is None else names.QUEUE_FAILED)
        span.set_attribute(names.QUEUE_STATE, state)
        if error is not None:
            span.record_exception(error)
        if state == names.QUEUE_FAILED:
            text = self.reason if error is None else f"{type(error).__name__}: {error}"
            span.set_status(Status(StatusCode.ERROR, text))


def _start_run(message: Message, carrier: object, retries: int, start_ns: int | None) -> Span:
    attributes = message.attributes("run", "process")
    if retries > 0:
        attributes[names.QUEUE_RETRIES] = retries
    return trace.get_tracer(_SCOPE).start_span(
        f"run {message.task}",
        context=_context(carrier),
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        start_time=start_ns,
    )


def _context(carrier: object) -> Context | None:
    return propagate.extract(carrier) if isinstance(carrier, Mapping) and carrier else None


@never_raises(_RUN)
def mark_revoked(message: Message, carrier: object) -> None:
    """Send a mark of a task that a worker took and did not run."""
    attributes = message.attributes("revoke", "settle") | {names.QUEUE_STATE: names.QUEUE_REVOKED}
    trace.get_tracer(_SCOPE).start_span(
        f"revoke {message.task}",
        context=_context(carrier),
        kind=SpanKind.CONSUMER,
        attributes=attributes,
    ).end()
