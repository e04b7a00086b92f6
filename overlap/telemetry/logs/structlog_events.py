"""A structlog processor that sends each event, and its place in whatever is configured.

A project's configuration stays: its wrapper class, logger factory, level, processors and
renderer. One processor is added, after its own and before its renderer, so that what these
removed from an event is on no span and in no record either. Where the project has OpenTelemetry's
own processor for structlog too, and what that one sends arrives at our endpoint, ours sends no
record. Where the project configures
nothing, ours applies, and `structlog.is_configured()` still says that nobody has: a project
may ask that before it configures, which may be at any time.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry._logs import Logger, LoggerProvider
from structlog import _config
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, WrappedLogger

from overlap.telemetry.drops import LOGGER_NAME
from overlap.telemetry.export import secrets
from overlap.telemetry.logs import otlp_records

_NOT_ATTRIBUTES = frozenset(
    {"event", "level", "timestamp", "trace_id", "span_id", "exc_info", "stack_info", "logger",
     "_record", "_from_structlog"}
)  # fmt: skip
_TEXT_KEYS = ("event", "message", "msg")
"""Where an event's text is: structlog's own key, and what EventRenamer usually makes of it."""
_OPENTELEMETRYS = "opentelemetry.instrumentation.structlog"
"""The module of OpenTelemetry's own processor, which StructlogInstrumentor configures."""
_RENDERERS = (
    structlog.dev.ConsoleRenderer,
    structlog.processors.JSONRenderer,
    structlog.processors.KeyValueRenderer,
    structlog.processors.LogfmtRenderer,
)


class SendEvent:
    """A structlog processor: the event goes onto the current span, and out as a log record."""

    uses_logging = False
    """Whether some event's logger is one of the standard library's: it makes a record, too."""

    def __init__(self, provider: LoggerProvider, arrives: Callable[[Any], bool]) -> None:
        """Send to `provider`. `arrives`: whether what another provider gets arrives with it."""
        self._logger: Logger = provider.get_logger("structlog")
        self._arrives = arrives
        self.opentelemetrys: Any = None
        """OpenTelemetry's own processor, where the configuration has it."""
        self.is_before_formatter = False
        """Whether ProcessorFormatter renders the event, and may have processors itself."""

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        try:
            if isinstance(event, MutableMapping):  # else it is rendered already
                self._send(logger, method, event)
        except Exception:  # telemetry never hurts the service
            logging.getLogger(LOGGER_NAME).debug("an event was not sent", exc_info=True)
        return event

    def _send(self, logger: WrappedLogger, method: str, event: EventDict) -> None:
        level = str(event.get("level", method))
        if isinstance(logger, logging.Logger):
            SendEvent.uses_logging = True
            if not logger.isEnabledFor(_number(level)):
                return  # nobody reads it
            if self.is_before_formatter:
                event = _as_formatted(logger, method, event)
        body = str(next((event[key] for key in _TEXT_KEYS if key in event), ""))
        attributes = otlp_records.safe_attributes(
            {key: value for key, value in event.items() if key not in _NOT_ATTRIBUTES}
        )
        if error := _exception(event.get("exc_info")):
            attributes.update(otlp_records.exception_attributes(error))
            body = secrets.current.body(body, error)
        now = time.time_ns()
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event(body, attributes, timestamp=now)
        if not self._is_sent_by_opentelemetrys():
            otlp_records.emit(self._logger, level, body, attributes, now)

    def _is_sent_by_opentelemetrys(self) -> bool:
        theirs = self.opentelemetrys
        return theirs is not None and self._arrives(getattr(theirs, "_logger_provider", None))


class StructlogConfiguration:
    """Keeps our processor in structlog's configuration, even when the project configures it.

    `defaults` are those of `structlog.configure`, until the project configures it.
    """

    def __init__(self, processor: SendEvent, defaults: Mapping[str, Any]) -> None:
        self._processor = processor
        self._config: Any = _config._CONFIG
        self._class = type(self._config)
        self.has_defaults = not structlog.is_configured()
        if self.has_defaults:
            structlog.configure(**defaults)
            self._config.is_configured = False
        else:
            # In place if possible: cached loggers refer to the same list.
            self._config.default_processors = _with(
                processor, self._config.default_processors, in_place=True
            )
        self._config.__class__ = _following(self._class, self)

    def close(self) -> None:
        """Give the configuration back: structlog's defaults, or the project's without ours."""
        self._config.__class__ = self._class
        if self.has_defaults:
            structlog.reset_defaults()
        elif self._processor in (processors := self._config.default_processors):
            processors.remove(self._processor)

    def _before_set(self, name: str, value: Any) -> Any:
        """Return what an attribute of the configuration is set to, when it is to be `value`."""
        if name == "is_configured" and value and self.has_defaults:
            # Somebody configures: what they leave out is as it is without us.
            self.has_defaults = False
            structlog.reset_defaults()
        if name == "default_processors":
            return _with(self._processor, value, in_place=False)
        return value


def _following(base: type, ours: StructlogConfiguration) -> type:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        object.__setattr__(self, name, ours._before_set(name, value))

    return type(base.__name__, (base,), {"__setattr__": __setattr__})


def _with(processor: SendEvent, processors: Any, *, in_place: bool) -> list[Any]:
    found = list(processors)
    theirs = (each for each in found if type(each).__module__ == _OPENTELEMETRYS)
    processor.opentelemetrys = next(theirs, None)
    if any(type(each) is SendEvent for each in found):
        return processors if isinstance(processors, list) else found
    index = max(0, len(found) - 1)
    for number, each in enumerate(found):
        if isinstance(each, _RENDERERS):
            index = number
            break
    processor.is_before_formatter = found[-1:] == [ProcessorFormatter.wrap_for_formatter]
    if in_place and isinstance(processors, list):
        found = processors
    found.insert(index, processor)
    return found


def _as_formatted(logger: logging.Logger, method: str, event: EventDict) -> EventDict:
    """Return the event as the formatter of its logger shows it.

    With ProcessorFormatter, processors may stand in the formatter: one of them may be what
    hides a secret. Where one of them fails, so does this, and the event is not sent.
    """
    formatter = _processor_formatter(logger)
    processors = formatter.processors[:-1] if formatter is not None else ()
    meta = ProcessorFormatter.remove_processors_meta
    if not [each for each in processors if each is not meta]:
        return event
    record = logging.LogRecord(logger.name, _number(method), "", 0, event, (), None)
    event = {**event, "_record": record, "_from_structlog": True}
    for processor in processors:
        event = processor(logger, method, event)  # type: ignore[assignment]
    return event


def _processor_formatter(logger: logging.Logger) -> ProcessorFormatter | None:
    at: logging.Logger | None = logger
    while at is not None:
        for handler in at.handlers:
            if isinstance(handler.formatter, ProcessorFormatter):
                return handler.formatter
        at = at.parent if at.propagate else None
    return None


def _number(level: str) -> int:
    return logging.getLevelNamesMapping().get(
        {"warn": "WARNING", "exception": "ERROR"}.get(level, level.upper()), logging.CRITICAL
    )


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
