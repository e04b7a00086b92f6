"""Lines of the log: whatever an event, its values and an exception hold, it is printable text."""

import contextlib
import io
import json
import logging

import structlog

from overlap.telemetry.logs.renderers import (
    console_handler,
    line_processors,
    renderer_processors,
)
from tests.fuzz.printable import assert_printable


def seeds() -> list[bytes]:
    values = {"path": "/meats/1/", "n": 1, "list": ["a", {"b": None}], "stack": "a\n  b"}
    return [
        json.dumps({"event": "a request ended", "values": values, "error": "no charcoal"}).encode(),
        json.dumps({"event": "a %s of %r", "values": {"x": 1.5}, "error": ""}).encode(),
    ]


def check(data: bytes) -> None:
    try:
        asked = json.loads(data)
        event, values, error = str(asked["event"]), asked["values"], str(asked["error"])
        named = {
            key: value for key, value in values.items() if key.isidentifier() and key.isascii()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return
    # Names of values stand in the code, as names of arguments; some are structlog's own.
    for reserved in ("event", "exc_info", "positional_args", "exception"):
        named.pop(reserved, None)
    if not isinstance(named.get("stack", ""), str):
        del named["stack"]
    try:
        raise RuntimeError(error)
    except RuntimeError as raised:
        for log_format in ("console", "json"):
            shown = _structlog(log_format, event, named, raised)
            assert_printable(shown, also="\n\t")
            shown = _logging(log_format, event, named, raised)
            assert_printable(shown, also="\n\t")


def _structlog(log_format: str, event: str, values: dict, error: Exception) -> str:
    out = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[*line_processors(), *renderer_processors(log_format)],
    )
    logger.error(event, **values, exc_info=error)
    return out.getvalue()


def _logging(log_format: str, event: str, values: dict, error: Exception) -> str:
    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        handler = console_handler(log_format)
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("shop", 40, "views.py", 1, "%s: %s", (event, values), info)
        handler.handle(record)
    return out.getvalue()
