"""What a log line looks like: JSON for machines, colours for a terminal."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, Literal

import structlog
from opentelemetry import trace
from structlog.types import EventDict, Processor, WrappedLogger

from overlap.telemetry.logs import otlp_records

Format = Literal["json", "console"]


def add_trace_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: the current trace and span, in hex, where there is one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def dressing() -> list[Processor]:
    """What every line carries beside what its caller says: when, and in which trace."""
    return [structlog.processors.TimeStamper(fmt="iso", utc=True), add_trace_ids]


def rendering(log_format: Format) -> list[Processor]:
    """From an event to its line."""
    if log_format == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(lambda event, **_: _JSON.encode(event)),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def shower(log_format: Format) -> logging.Handler:
    """The handler that shows the standard library's records in the same format."""
    handler = logging.StreamHandler()  # standard error, as it is then
    handler.addFilter(_is_news)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                *dressing(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *rendering(log_format),
            ],
        )
    )
    return handler


def _is_news(record: logging.LogRecord) -> bool:
    """Whether no handler between the record's logger and the root shows it already.

    Some servers (hypercorn) have a console handler of their own and propagate all the same.
    """
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None and logger.parent is not None and logger.propagate:
        if any(type(handler) is logging.StreamHandler for handler in logger.handlers):
            return False
        logger = logger.parent
    return True


def _as_text(value: Any) -> str:
    return str(otlp_records.safe_attributes({"value": value}).get("value", ""))


_JSON = json.JSONEncoder(default=_as_text)
"""Made once: json.dumps with a default makes one for each line."""
