"""The format of our log lines: JSON for machines, colours for a terminal."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import Any, Literal, TextIO, cast
from unicodedata import combining

import structlog
from opentelemetry import trace
from structlog.types import EventDict, Processor, WrappedLogger

from overlap.telemetry.logs import otlp_records
from overlap.telemetry.logs.stdlib_records import context_of

Format = Literal["json", "console"]


class Nowhere(io.TextIOBase):
    """A text stream that discards what is written to it."""

    def write(self, text: str, /) -> int:
        """Discard a text; return its length."""
        return len(text)


def standard_error() -> TextIO:
    """Return where log lines go; a process started without standard error has none."""
    found: TextIO | None = sys.stderr  # None in pythonw, and in some daemons
    return found if found is not None else cast(TextIO, Nowhere())


def add_trace_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the ids of the current trace and span in hex, if there is a span.

    A structlog processor. For a record of Django's about a request, the request's span.
    """
    record = event.get("_record")
    span = trace.get_current_span(None if record is None else context_of(record))
    context = span.get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def line_processors() -> list[Processor]:
    """Return what adds the time and the trace to each line."""
    return [structlog.processors.TimeStamper(fmt="iso", utc=True), add_trace_ids]


def renderer_processors(log_format: Format) -> list[Processor]:
    """Return what makes a line of an event."""
    if log_format == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(lambda event, **_: _JSON.encode(event)),
        ]
    return [
        escape_unprintable,
        structlog.dev.ConsoleRenderer(
            colors=standard_error().isatty(), exception_formatter=_escaped_traceback
        ),
    ]


def escape_unprintable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what a terminal would obey, such as a request's path may hold. A structlog processor.

    An event, a stack and a traceback keep their line ends; in other values they are escaped too.
    """
    for key, value in event.items():
        if isinstance(value, dict | list | tuple | set | frozenset) and key != "exc_info":
            # Its repr, which a line shows, escapes what can't be printed, and leaves accents.
            if not (shown := repr(value)).isascii():
                event[key] = _escaped(shown, "")
        elif isinstance(value, str) and not (value.isascii() and value.isprintable()):
            event[key] = _escaped(value, "\n\t" if key in _OF_SEVERAL_LINES else "")
    return event


_MOST_MARKS = 4
"""Accents on one letter: more run over the lines above and below."""
_OF_SEVERAL_LINES = frozenset({"event", "exception", "stack"})


def _escaped(text: str, kept: str) -> str:
    marks, shown = 0, []
    for char in text:
        marks = marks + 1 if combining(char) else 0
        is_text = char.isprintable() and marks <= _MOST_MARKS
        shown.append(char if is_text or char in kept else ascii(char)[1:-1])
    return "".join(shown)


def _escaped_traceback(out: TextIO, exc_info: Any) -> None:
    lines = io.StringIO()
    structlog.dev.plain_traceback(lines, exc_info)
    out.write(_escaped(lines.getvalue(), "\n\t"))


def console_handler(log_format: Format) -> logging.Handler:
    """Return a handler that shows the standard library's records in the same format."""
    handler = logging.StreamHandler()  # standard error, as it is then
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                *line_processors(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderer_processors(log_format),
            ],
        )
    )
    return handler


def _as_text(value: Any) -> str:
    return str(otlp_records.safe_attributes({"value": value}).get("value", ""))


_JSON = json.JSONEncoder(default=_as_text)
"""Made once: json.dumps with a default makes one for each line."""
