"""Send the records of the standard library's logging, each once, without a handler.

A handler on the root logger would change what a project set up: `logging.basicConfig()` does
nothing where the root logger has a handler, a record without any other handler would no longer
reach standard error, and a logger that does not propagate would be missed. So the method that
each record passes through is wrapped: `Logger.callHandlers`, as Sentry's SDK does. It runs
before us: a filter of a handler that hides a secret has hidden it by then.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType, FunctionType
from typing import Any, cast
from weakref import WeakKeyDictionary

from opentelemetry._logs import LoggerProvider
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import get_current_span, set_span_in_context

from overlap.telemetry.drops import LOGGER_NAME
from overlap.telemetry.export import secrets
from overlap.telemetry.export.own_exports import is_own_message
from overlap.telemetry.logs import otlp_records
from overlap.telemetry.logs.queue_workers import text_of
from overlap.telemetry.logs.structlog_events import SendEvent

_NEVER_SENT = ("opentelemetry", "urllib3", "requests", LOGGER_NAME)
"""Loggers of those who send: sending what they log would never end."""
_FRAMES = 12
"""Between our wrapper and the bound logger of structlog, where a record is structlog's."""

_left: WeakKeyDictionary[Callable[..., Any], Callable[..., Any]] = WeakKeyDictionary()
"""By a wrapper that stayed after `close`: what it wraps, which the next one wraps instead."""


class StdlibRecords:
    """Sends each record from its construction until `close`.

    `is_sent_by_project`: whether the project's own logger provider exports to our endpoint.
    """

    def __init__(self, provider: LoggerProvider, is_sent_by_project: Callable[[], bool]) -> None:
        self._provider = provider
        self._is_sent_by_project = is_sent_by_project
        self._is_open = True
        original = _left.get(logging.Logger.callHandlers, logging.Logger.callHandlers)

        @wraps(original)
        def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            if is_own_message(record.name, record.levelno) and record.name != LOGGER_NAME:
                return
            original(logger, record)
            if self._is_open:
                self._send(record)

        _move_to_logging(cast("FunctionType", callHandlers))
        self._original, self._wrapper = original, callHandlers
        logging.Logger.callHandlers = callHandlers  # type: ignore[method-assign,assignment]

    def close(self, *, keep_silence: bool = False) -> None:
        """Send nothing more. `keep_silence`: exports that were abandoned may still log."""
        self._is_open = False
        # Somebody may have wrapped ours meanwhile; then it stays, and does nothing.
        if logging.Logger.callHandlers is not self._wrapper:
            return
        if keep_silence:
            _left[self._wrapper] = self._original
        else:
            logging.Logger.callHandlers = self._original  # type: ignore[method-assign]

    def _send(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_NEVER_SENT) or not is_instrumentation_enabled():
            return
        try:
            if _is_sent_by_structlog(sys._getframe(2)):
                return
            if _has_sdk_handler(record) and self._is_sent_by_project():
                return
            attributes: dict[str, Any] = {"logger": record.name}
            body = text_of(record)
            if record.exc_info and (error := record.exc_info[1]):
                attributes.update(otlp_records.exception_attributes(error))
                body = secrets.current.body(body, error)
            otlp_records.emit(
                self._provider.get_logger(record.name),
                record.levelname.lower(),
                body,
                attributes,
                int(record.created * 1e9),
                context_of(record),
            )
        except Exception:  # telemetry never hurts the service
            logging.getLogger(LOGGER_NAME).debug("a record was not sent", exc_info=True)


def _move_to_logging(function: FunctionType) -> None:
    """Let a function's frames appear as frames of the logging module: the end of `Logger.handle`.

    Handlers that look for the line which logged, such as those that pass records on to loguru,
    skip all frames of logging. With a frame of ours in between, that line would be ours.

    Source: Objects/locations.md of CPython 3.11 for the table of lines. An entry of code 13 has
    a line and no columns, and covers up to eight instructions.
    """
    code = function.__code__
    place = getattr(logging.Logger.handle, "__code__", code)  # somebody may have wrapped it
    instructions = len(code.co_code) // 2
    lengths = [8] * (instructions // 8) + [instructions % 8] * (instructions % 8 > 0)
    function.__code__ = code.replace(
        co_filename=logging.addLevelName.__code__.co_filename,  # as logging finds its own
        co_firstlineno=max(line or 0 for _, _, line in place.co_lines()),
        co_linetable=b"".join(bytes([0x80 | 13 << 3 | length - 1, 0]) for length in lengths),
    )


def context_of(record: logging.LogRecord) -> Context | None:
    """Return the context of the request that the record is about; None: the current one.

    Django logs a 404 after all middleware, when the request's span is current no more.
    """
    server_span = getattr(getattr(record, "request", None), "_overlap_server_span", None)
    if server_span is None or get_current_span().get_span_context().is_valid:
        return None
    return set_span_in_context(server_span.span)


def _has_sdk_handler(record: logging.LogRecord) -> bool:
    """Return whether a handler of OpenTelemetry's own has taken the record."""
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None:
        for handler in logger.handlers:
            if type(handler).__name__ == "LoggingHandler" and record.levelno >= handler.level:
                return type(handler).__module__.startswith("opentelemetry.")
        logger = logger.parent if logger.propagate else None
    return False


def _is_sent_by_structlog(frame: FrameType | None) -> bool:
    """Return whether the record is an event of structlog's that our processor has sent.

    Nothing in the record says so: a bound logger calls the logger with a finished line.
    """
    if not SendEvent.uses_logging:
        return False
    at: FrameType | None = frame
    for _ in range(_FRAMES):
        if at is None:
            return False
        if at.f_code.co_name == "_proxy_to_logger":
            bound: Any = at.f_locals.get("self")
            return any(type(each) is SendEvent for each in getattr(bound, "_processors", ()))
        at = at.f_back
    return False
