"""structlog and the standard library's logging: each event is sent exactly once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import structlog
from opentelemetry._logs import LoggerProvider

from overlap.telemetry.logs.console import Console
from overlap.telemetry.logs.renderers import (
    Format,
    console_handler,
    line_processors,
    renderer_processors,
    standard_error,
)
from overlap.telemetry.logs.stdlib_records import StdlibRecords
from overlap.telemetry.logs.structlog_events import SendEvent, StructlogConfiguration


class LoggingSetup:
    """What is added to structlog and logging, until `close`."""

    def __init__(
        self,
        log_format: str | None,
        provider: LoggerProvider,
        is_sent_by_project: Callable[[], bool],
        receives: Callable[[Any], bool],
    ) -> None:
        """Set up.

        is_sent_by_project: whether the project's own logger provider exports to our endpoint.
        receives: whether what a logger provider is given arrives there in any way.
        """
        wanted = _format(log_format)
        processor = SendEvent(provider, receives)
        self._structlog = StructlogConfiguration(processor, _defaults(wanted, processor))
        self._records = StdlibRecords(provider, is_sent_by_project)
        self._console = Console(console_handler(wanted))
        self._console.attach()

    def attach(self) -> None:
        """Look again at what is configured: Django's `dictConfig` has run since."""
        self._console.attach()

    def close(self, *, keep_silence: bool = False) -> None:
        """Give structlog and logging back as they were.

        `keep_silence`: what exports that were abandoned still log is not shown.
        """
        self._console.close()
        self._records.close(keep_silence=keep_silence)
        self._structlog.close()


def _defaults(log_format: Format, processor: SendEvent) -> dict[str, Any]:
    """Return structlog's configuration where the project has none."""
    return {
        "processors": [
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            processor,
            *line_processors(),
            *renderer_processors(log_format),
        ],
        "wrapper_class": structlog.make_filtering_bound_logger(_level()),
        "logger_factory": structlog.WriteLoggerFactory(file=standard_error()),
        # A logger that is cached could not be given back.
        "cache_logger_on_first_use": False,
    }


def _format(asked: str | None) -> Format:
    wanted = asked or os.environ.get("OVERLAP_LOG_FORMAT", "")
    if wanted not in ("json", "console"):
        wanted = "console" if standard_error().isatty() else "json"
    return "json" if wanted == "json" else "console"


def _level() -> int:
    name = os.environ.get("OVERLAP_LOG_LEVEL", "INFO").upper()
    return logging.getLevelNamesMapping().get(name, logging.INFO)
