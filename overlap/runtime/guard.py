"""Guards around our own code where it runs inside a request, a query, a task or a signal.

Telemetry never hurts the service: whatever our code, or a provider, processor, sampler or
propagator that it calls, raises there is logged and goes no further.

And what the service raises reads as without us: our frames are not in its tracebacks
(`hide_frames`). What shows the stack of running code, such as logging's `stack_info`, has them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

Result = TypeVar("Result")

_log = logging.getLogger("overlap.instrument")
_OWN = f"{Path(__file__).resolve().parents[1]}{os.sep}"
"""The folder of Overlap itself, as code objects name it."""
_reported: set[str] = set()


def failed(what: str) -> None:
    """Log the exception that is being handled: the first one of each `what` alone.

    What fails once inside a request fails in each, and a service's log is not ours to fill.
    """
    if what not in _reported:
        _reported.add(what)
        _log.exception("%s: telemetry failed here, and the service goes on (logged once)", what)


def guarded(
    what: str, function: Callable[..., Result], /, *args: Any, **named: Any
) -> Result | None:
    """Call `function`; log what it raises, and return None then."""
    try:
        return function(*args, **named)
    except Exception:
        failed(what)
        return None


def hide_frames(error: BaseException) -> None:
    """Remove our outermost frames from the traceback of an exception that we caught.

    Then raise it by a bare `raise`, which adds no frame. Where all of the traceback is ours, its
    innermost frame stays: the exception is ours.
    """
    traceback = error.__traceback__
    while (
        traceback is not None
        and traceback.tb_next is not None
        and traceback.tb_frame.f_code.co_filename.startswith(_OWN)
    ):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def never_raises(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a function that returns nothing: what it raises is logged."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def guard(*args: Any, **named: Any) -> None:
            try:  # not through `guarded`: each request calls this many times
                function(*args, **named)
            except Exception:
                failed(what)

        return guard

    return decorate


class CurrentSpan:
    """A context manager: `span` is current inside, gets the exception that passes, and ends.

    OpenTelemetry's `use_span(span, end_on_exit=True)`, except that nothing of it raises. Where
    there is no span, nothing happens. Our frames are not in the exception's traceback.
    """

    __slots__ = ("_span", "_token", "_what")

    def __init__(self, what: str, span: Span | None) -> None:
        self._what = what
        self._span = span
        self._token: Any = None

    def __enter__(self) -> Span | None:
        if (span := self._span) is not None:
            self._token = guarded(self._what, _attach, span)
        return span

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            hide_frames(error)
        if self._token is not None:
            detach(self._token)  # logs by itself, and never raises
        if (span := self._span) is None:
            return
        if isinstance(error, Exception):
            guarded(self._what, _record, span, error)
        guarded(self._what, span.end)


def _attach(span: Span) -> Any:
    return attach(set_span_in_context(span))


def _record(span: Span, error: Exception) -> None:
    if span.is_recording():
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
