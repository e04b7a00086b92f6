"""Overlap's own log lines, in the format of the project's logging.

They are structlog events. A project that configured structlog renders them itself, and where
nothing is configured they look like all others. But beside a `LOGGING` setting of the project's,
a line in a format of ours would stand out of its console: there the line is a record of the
standard library's logging, and its handlers, formatters and levels apply.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from overlap.telemetry.logs.console import is_configured
from overlap.telemetry.logs.structlog_events import SendEvent


class OwnLogger:
    """Logs events of ours; its methods are those of a bound logger of structlog's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: Any) -> None:
        """Log at INFO."""
        self._logger().info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log at WARNING."""
        self._logger().warning(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log at ERROR."""
        self._logger().error(event, **fields)

    def _logger(self) -> Any:
        if structlog.is_configured() or not is_configured():
            return structlog.get_logger(self._name)
        sends = [each for each in structlog.get_config()["processors"] if type(each) is SendEvent]
        processors: list[Processor] = [*sends, _as_record]
        return structlog.wrap_logger(
            logging.getLogger(self._name),
            processors=processors,
            wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        )


def _as_record(_logger: WrappedLogger, _method: str, event: EventDict) -> Any:
    """Return the arguments of a method of the standard library's logger."""
    error = event.pop("exc_info", None)
    text = str(event.pop("event"))
    fields = " ".join(f"{key}={value!r}" for key, value in event.items())
    return (f"{text}: {fields}" if fields else text,), {"exc_info": error} if error else {}
