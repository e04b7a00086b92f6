"""Telemetry that could not be delivered: counted, and logged once.

The SDK logs each batch that fails, in several of its loggers; a backend that is down for an
hour must not fill the log. Here one line is logged when delivery fails, and one with the count
when it works again or the process ends.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from weakref import WeakMethod

from opentelemetry.metrics import Counter, Meter

from overlap import names
from overlap.telemetry.fork import at_fork

LOGGER_NAME = "overlap.telemetry"
_log = logging.getLogger(LOGGER_NAME)

QUEUE_FULL, EXPORT_FAILED = _KINDS = "queue_full", "export_failed"


class Drops:
    """The counts of one process. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter | None = None
        self._lost: dict[str, int] = {}
        self._reported: dict[str, str] = {}
        self._closed = False
        self._delivered: set[str] = set()
        self._on_delivery: dict[str, Callable[[], None]] = {}
        self._of_parent: set[str] = set()
        at_fork(WeakMethod(self._in_child))

    def on_delivery(self, signal: str, call: Callable[[], None]) -> None:
        """Call a function once: now if a signal was delivered before, else after it was."""
        self._on_delivery[signal] = call
        if signal in self._delivered:
            self._call(signal)

    def count_with(self, meter: Meter) -> None:
        """Send the counts as a metric, too, from now on."""
        self._counter = meter.create_counter(
            names.METRIC_DROPPED, unit="{item}", description="Telemetry that was not delivered."
        )
        # From 0 on: a series that begins with its first loss shows no increase to a rule.
        for signal in ("traces", "metrics", "logs"):
            for kind in _KINDS:
                self._counter.add(0, {names.SIGNAL: signal, names.DROPPED_WHY: kind})

    def lost(self, signal: str, count: int, endpoint: str, why: str) -> None:
        """Count `count` items of a signal as lost; log it if it is the first time."""
        with self._lock:
            self._lost[signal] = self._lost.get(signal, 0) + count
            is_first = signal not in self._reported and not self._closed
            self._reported.setdefault(signal, endpoint)
        if self._counter is not None:
            self._counter.add(count, {names.SIGNAL: signal, names.DROPPED_WHY: _kind(why)})
        if is_first:
            _log.warning(
                "telemetry: %s can't be delivered to %s: %s; "
                "requests go on, what is dropped is counted",
                signal,
                endpoint,
                why,
            )

    def full_queue(self, signal: str, endpoint: str) -> Callable[[], None]:
        """Return what counts one item of a signal that a full queue drops."""
        return lambda: self.lost(signal, 1, endpoint, "the queue is full")

    def delivered(self, signal: str) -> None:
        """Note that a signal was delivered; where it failed before, log how much was lost."""
        if signal in self._reported:
            self._close(signal, "are delivered again")
        self._delivered.add(signal)
        self._call(signal)

    def failing(self) -> bool:
        """Return whether some signal's last delivery failed."""
        return bool(self._reported)

    def total(self, signal: str) -> int:
        """Return how many items of a signal were lost and are not yet counted in the log."""
        return self._lost.get(signal, 0)

    def close(self) -> None:
        """Log the counts that are not logged yet, and nothing more, at the end of the process."""
        self._closed = True
        for signal in list(self._reported):
            self._close(signal, "were not delivered to the end")

    def _in_child(self) -> None:
        # The parent counts and logs its own. The child knows what fails, and does not log it again:
        # where a process is forked for each task, a backend that is down would fill the log.
        self._lock = threading.Lock()
        self._lost.clear()
        self._of_parent = set(self._reported)

    def _call(self, signal: str) -> None:
        # By `pop`: both threads may be here, and one of them calls it.
        if signal in self._on_delivery and (call := self._on_delivery.pop(signal, None)):
            call()

    def _close(self, signal: str, how: str) -> None:
        with self._lock:
            endpoint = self._reported.pop(signal, None)
            lost = self._lost.pop(signal, 0)
            is_of_parent = signal in self._of_parent
            self._of_parent.discard(signal)
        if endpoint is not None and not is_of_parent:
            _log.warning("telemetry: %s %s (%s); %d dropped", signal, how, endpoint, lost)


def _kind(why: str) -> str:
    # The reason as a metric attribute: few values, so no address and no errno in it.
    return QUEUE_FULL if "queue" in why else EXPORT_FAILED
