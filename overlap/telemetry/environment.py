"""OpenTelemetry's variables that the SDK can't use: ignored with a warning.

So the specification has it. The SDK raises an error for most of them, which would keep the service
from starting.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from overlap.telemetry.drops import LOGGER_NAME

_MOST = 2**31 - 1
"""More overflows a thread's wait or a queue's length."""
_LIMITS = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)  # fmt: skip
_BATCHES = ("OTEL_BSP", "OTEL_BLRP")
_COUNTS = tuple(
    f"{batch}_{name}"
    for batch in _BATCHES
    for name in ("SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE")
)
_SECONDS = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}TIMEOUT" for signal in ("", "TRACES_", "METRICS_", "LOGS_")
)
_MILLISECONDS = ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT")
_COMPRESSIONS = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}COMPRESSION" for signal in ("", "TRACES_", "METRICS_", "LOGS_")
)
_DEFAULT_BATCH = 512
"""The SDK's OTEL_BSP_MAX_EXPORT_BATCH_SIZE."""

_log = logging.getLogger(LOGGER_NAME)


@contextmanager
def usable_environment() -> Iterator[None]:
    """Hide the variables that the SDK can't use while it reads them, and warn of each."""
    before = dict(os.environ)
    for name in _LIMITS:
        if os.environ.get(name, "").strip().lower() == "none":
            os.environ[name] = str(_MOST)  # the SDK knows the word for spans only
    for name, is_usable, wanted in _rules():
        value = os.environ.get(name)
        if value is None or is_usable(value.strip()):
            continue
        del os.environ[name]
        if value.strip():  # empty is the same as not set
            _log.warning("telemetry: %s is ignored: %a is not %s", name, value[:60], wanted)
    for batch in _BATCHES:
        _fit_batch_into_queue(batch)
    hidden = {name for name in before if os.environ.get(name) != before[name]}
    added = os.environ.keys() - before.keys()
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        os.environ.update({name: before[name] for name in hidden})


def _rules() -> Iterator[tuple[str, Callable[[str], bool], str]]:
    for name in _LIMITS:
        yield name, lambda text: _is_count(text, 0), "a whole number or none"
    for name in _COUNTS:
        yield name, _is_count, "a whole number above 0"
    for name in (*_SECONDS, *_MILLISECONDS):
        yield name, _is_time, "a number above 0"
    for name in _COMPRESSIONS:
        yield (
            name,
            lambda text: text.lower() in ("gzip", "deflate", "none"),
            "gzip, deflate or none",
        )
    filters = ("always_on", "always_off", "trace_based")
    yield "OTEL_METRICS_EXEMPLAR_FILTER", lambda text: text.lower() in filters, ", ".join(filters)


def _is_count(text: str, least: int = 1) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= _MOST


def _is_time(text: str) -> bool:
    try:
        return 0 < float(text) <= _MOST
    except ValueError:
        return False


def _fit_batch_into_queue(batch: str) -> None:
    """Make a batch no larger than a small queue: the SDK refuses the two together."""
    size = f"{batch}_MAX_EXPORT_BATCH_SIZE"
    queue = os.environ.get(f"{batch}_MAX_QUEUE_SIZE")
    if queue is not None and int(os.environ.get(size, _DEFAULT_BATCH)) > int(queue):
        os.environ[size] = queue
