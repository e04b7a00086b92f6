"""Log records for OTLP: made by us, as the SDK's own logging handler is deprecated."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from traceback import format_exception
from typing import Any

from opentelemetry import baggage
from opentelemetry._logs import Logger, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from overlap import names
from overlap.telemetry.drops import Drops
from overlap.telemetry.endpoint import destination
from overlap.telemetry.export.encoding import Packed
from overlap.telemetry.export.exporters import CountedLogExporter
from overlap.telemetry.export.packed_queue import pack_early

QUEUE_SIZE = 65536
"""Records. As many as spans: the demo logs about as often as it starts spans."""
SCHEDULE_DELAY_MS = 200
MAX_SCENARIO_NAME = 64
"""In characters. The name is read from the request, so its sender can choose it."""

SEVERITY = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "warn": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "exception": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
    "fatal": SeverityNumber.FATAL,
}


def make_batch(drops: Drops, pack: Callable[[Any], Packed]) -> BatchLogRecordProcessor:
    """Return the processor that queues records as `pack` returns them, and sends them."""
    batch = BatchLogRecordProcessor(
        CountedLogExporter(drops),
        max_queue_size=None if "OTEL_BLRP_MAX_QUEUE_SIZE" in os.environ else QUEUE_SIZE,
        schedule_delay_millis=(
            None if "OTEL_BLRP_SCHEDULE_DELAY" in os.environ else SCHEDULE_DELAY_MS
        ),
    )
    pack_early(batch, pack, drops.full_queue("logs", destination("logs").endpoint))
    return batch


def emit(  # noqa: PLR0913, PLR0917  what a record is made of
    logger: Logger,
    level: str,
    body: str,
    attributes: Mapping[str, Any],
    timestamp_ns: int,
    context: Context | None = None,
) -> None:
    """Send one record, in the trace of the span of `context`, which is by default the current.

    In a request of a scenario it says of which, so that a scenario's lines can be found together.
    """
    if scenario := baggage.get_baggage(names.SCENARIO_NAME, context):
        attributes = {**attributes, names.SCENARIO_NAME: str(scenario)[:MAX_SCENARIO_NAME]}
    logger.emit(
        timestamp=timestamp_ns,
        context=context,
        severity_number=SEVERITY.get(level, SeverityNumber.UNSPECIFIED),
        severity_text=level.upper(),
        body=body,
        attributes=attributes,
    )


def safe_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return key-values that OpenTelemetry accepts: text for what is no string, number or bool."""
    return {str(key): _safe(value) for key, value in values.items() if value is not None}


def exception_attributes(error: BaseException) -> dict[str, str]:
    """Return `exception.*`, as in the semantic conventions."""
    kind = type(error)
    return {
        names.EXCEPTION_TYPE: f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        names.EXCEPTION_MESSAGE: str(error),
        names.EXCEPTION_STACKTRACE: "".join(format_exception(error)),
    }


def _safe(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float)):  # three times as fast as with |
        return value
    if isinstance(value, list | tuple) and value:
        kind = type(value[0])
        if kind in (str, bool, int, float) and all(type(item) is kind for item in value):
            return list(value)
    try:
        return str(value)
    except Exception:  # a value's own __str__ may raise anything
        return f"<{type(value).__name__}>"
