"""What could not be delivered: counted, and said once.

The SDK says the same again at each batch, in several of its loggers; a backend that is
down for an hour must not fill the log. Here one line is written when delivery fails, and
one with the count when it works again or the process ends.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry.metrics import Counter, Meter

from overlap import names

LOGGER_NAME = "overlap.telemetry"
_log = logging.getLogger(LOGGER_NAME)

_REPETITIVE = (
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk._logs._internal.export",
    "opentelemetry.sdk.metrics._internal.export",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.proto.http._log_exporter",
)

QUEUE_FULL, EXPORT_FAILED = _KINDS = "queue_full", "export_failed"


class Drops:
    """The account of one process. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter | None = None
        self._lost: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._closed = False

    def count_with(self, meter: Meter) -> None:
        """Send the counts as a metric too, from now on."""
        self._counter = meter.create_counter(
            names.METRIC_DROPPED, unit="{item}", description="Telemetry that was not delivered."
        )
        # From 0 on: a series that begins with its first loss shows no increase to a rule.
        for signal in ("traces", "metrics", "logs"):
            for kind in _KINDS:
                self._counter.add(0, {names.SIGNAL: signal, names.DROPPED_WHY: kind})

    def lost(self, signal: str, count: int, endpoint: str, why: str) -> None:
        """Count `count` items of a signal as lost; say so if it is the first time."""
        with self._lock:
            self._lost[signal] = self._lost.get(signal, 0) + count
            first = signal not in self._said and not self._closed
            self._said.setdefault(signal, endpoint)
        if self._counter is not None:
            self._counter.add(count, {names.SIGNAL: signal, names.DROPPED_WHY: _kind(why)})
        if first:
            _log.warning(
                "telemetry: %s can't be delivered to %s: %s; "
                "requests go on, what is dropped is counted",
                signal,
                endpoint,
                why,
            )

    def delivered(self, signal: str) -> None:
        """Note that a signal came through; if it had not, say how much was lost meanwhile."""
        if signal in self._said:
            self._close(signal, "are delivered again")

    def failing(self) -> bool:
        """Whether some signal's last delivery failed."""
        return bool(self._said)

    def total(self, signal: str) -> int:
        """How many items of a signal were lost and not yet accounted for in the log."""
        return self._lost.get(signal, 0)

    def close(self) -> None:
        """Say what is still unsaid, and say no more, at the end of the process."""
        self._closed = True
        for signal in list(self._said):
            self._close(signal, "were not delivered to the end")

    def _close(self, signal: str, how: str) -> None:
        with self._lock:
            endpoint = self._said.pop(signal, None)
            lost = self._lost.pop(signal, 0)
        if endpoint is not None:
            _log.warning("telemetry: %s %s (%s); %d dropped", signal, how, endpoint, lost)


class QueueMetrics:
    """Stands where the SDK keeps a batch processor's metrics, to see what a full queue drops."""

    def __init__(self, inner: Any, lost: Callable[[int, str], None]) -> None:
        self._inner = inner
        self._lost = lost

    def register_queue_size(self, get_queue_size: Callable[[], int]) -> None:
        """Hand on."""
        self._inner.register_queue_size(get_queue_size)

    def finish_items(self, count: int) -> None:
        """Hand on."""
        self._inner.finish_items(count)

    def drop_items(self, count: int, error_type: str = "queue_full") -> None:
        """Count, then hand on."""
        self._inner.drop_items(count, error_type)
        if error_type == "queue_full":
            self._lost(count, "the queue is full")


def count_full_queue(batch: Any, drops: Drops, signal: str, endpoint: str) -> None:
    """Have a batch processor of the SDK tell `drops` of what its full queue drops."""
    inner = batch._batch_processor
    inner._metrics = QueueMetrics(
        inner._metrics, lambda count, why: drops.lost(signal, count, endpoint, why)
    )


def hush_sdk() -> Callable[[], None]:
    """Silence the SDK's repetitive export lines; gives back a function that undoes it."""

    def nothing(_record: logging.LogRecord) -> bool:
        return False

    loggers = [logging.getLogger(name) for name in _REPETITIVE]
    for logger in loggers:
        logger.addFilter(nothing)

    def undo() -> None:
        for logger in loggers:
            logger.removeFilter(nothing)

    return undo


def _kind(why: str) -> str:
    # The reason as a metric attribute: few values, so no address and no errno in it.
    return QUEUE_FULL if "queue" in why else EXPORT_FAILED
