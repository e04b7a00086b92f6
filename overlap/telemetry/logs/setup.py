"""structlog and the standard library's logging: one format, and each event sent exactly once."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import ExitStack
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry._logs import Logger, LoggerProvider
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from structlog.types import EventDict, WrappedLogger

from overlap.telemetry.drops import LOGGER_NAME
from overlap.telemetry.logs import otlp_records
from overlap.telemetry.logs.renderers import Format, dressing, rendering, shower

_NOT_ATTRIBUTES = frozenset(
    {"event", "level", "timestamp", "trace_id", "span_id", "exc_info", "stack_info", "logger"}
)
_NEVER_SENT = ("opentelemetry", "urllib3", "requests", LOGGER_NAME)
"""Loggers that speak of sending: to send what they say would never end."""


def configure(log_format: str | None, provider: LoggerProvider | None) -> LoggingSetup:
    """Configure structlog and the root logger; without a provider nothing is sent, only shown."""
    return LoggingSetup(_format(log_format), provider)


class LoggingSetup:
    """What was configured, so that it can be given back."""

    def __init__(self, log_format: Format, provider: LoggerProvider | None) -> None:
        self._undo = ExitStack()
        self._sender = _SendHandler(provider) if provider is not None else None
        self._shower = shower(log_format)
        self._configure_structlog(log_format, provider)
        self.attach()
        logging.captureWarnings(True)
        self._undo.callback(logging.captureWarnings, False)

    def attach(self) -> None:
        """Put our handlers on the root logger, and take Django's console handler off its own.

        Called again once Django has configured logging: its `dictConfig` may have removed
        ours, and with DEBUG its console handler would show each line a second time.
        """
        root = logging.getLogger()
        if self._sender is not None and self._sender not in root.handlers:
            root.addHandler(self._sender)
        if not [handler for handler in root.handlers if handler is not self._sender]:
            root.addHandler(self._shower)
        if self._shower in root.handlers:
            self._unhand_django()

    def close(self) -> None:
        """Give structlog, the root logger and Django's loggers back as they were."""
        root = logging.getLogger()
        for handler in (self._sender, self._shower):
            if handler is not None:
                root.removeHandler(handler)
        self._undo.close()

    def _unhand_django(self) -> None:
        django = logging.getLogger("django")
        for handler in [*django.handlers]:
            if handler.name == "console" and type(handler) is logging.StreamHandler:
                self._undo.callback(_put_back, django, django.handlers.index(handler), handler)
                django.removeHandler(handler)

    def _configure_structlog(self, log_format: Format, provider: LoggerProvider | None) -> None:
        before = structlog.get_config() if structlog.is_configured() else None
        self._undo.callback(
            (lambda: structlog.configure(**before)) if before else structlog.reset_defaults
        )
        send = [_Send(provider)] if provider is not None else []
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                *send,
                *dressing(),
                *rendering(log_format),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(_level()),
            logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
            # A logger that is cached could not be given back.
            cache_logger_on_first_use=False,
        )


class _Send:
    """A structlog processor: the event goes onto the current span, and out as a log record."""

    def __init__(self, provider: LoggerProvider) -> None:
        self._logger: Logger = provider.get_logger("structlog")

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        try:
            self._send(method, event)
        except Exception:  # telemetry never hurts the service
            logging.getLogger(LOGGER_NAME).debug("an event was not sent", exc_info=True)
        return event

    def _send(self, method: str, event: EventDict) -> None:
        body = str(event.get("event", ""))
        attributes = otlp_records.safe_attributes(
            {key: value for key, value in event.items() if key not in _NOT_ATTRIBUTES}
        )
        if error := _exception(event.get("exc_info")):
            attributes.update(otlp_records.exception_attributes(error))
        now = time.time_ns()
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event(body, attributes, timestamp=now)
        otlp_records.emit(self._logger, str(event.get("level", method)), body, attributes, now)


class _SendHandler(logging.Handler):
    """Sends the standard library's records, those of structlog's own road excepted."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_NEVER_SENT) or not is_instrumentation_enabled():
            return
        try:
            attributes: dict[str, Any] = {"logger": record.name}
            if record.exc_info and record.exc_info[1]:
                attributes.update(otlp_records.exception_attributes(record.exc_info[1]))
            otlp_records.emit(
                self._provider.get_logger(record.name),
                record.levelname.lower(),
                record.getMessage(),
                attributes,
                int(record.created * 1e9),
            )
        except Exception:
            self.handleError(record)


def _put_back(logger: logging.Logger, index: int, handler: logging.Handler) -> None:
    # The list of today: removeHandler() makes a new one on current Pythons (gh-79366).
    if handler not in logger.handlers:
        logger.handlers.insert(index, handler)


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _format(asked: str | None) -> Format:
    wanted = asked or os.environ.get("OVERLAP_LOG_FORMAT", "")
    if wanted not in ("json", "console"):
        wanted = "console" if sys.stderr.isatty() else "json"
    return "json" if wanted == "json" else "console"


def _level() -> int:
    name = os.environ.get("OVERLAP_LOG_LEVEL", "INFO").upper()
    return logging.getLevelNamesMapping().get(name, logging.INFO)
