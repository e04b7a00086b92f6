"""How full an event loop is: the share of time in which it ran callbacks, from 0 to 1.

The heartbeat marks the loop's idle time (overlap.runtime.idle_time) on the loop's thread, where
that is safe. Metrics are collected on another thread, which reads the last mark only.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from overlap import names
from overlap.instrument.environment import has_capacity_metrics
from overlap.runtime.idle_time import IdleTime, idle_time

WINDOW_S = 4.0
"""The shortest time that a share is computed of. It is a little below the interval at which
metrics are exported, so that each export covers the time since the one before."""
LATE_S = 0.25
"""Without a mark for this long, the loop runs a callback: its heart beats every 60 ms."""

_log = logging.getLogger(__name__)
Mark = tuple[float, float]
"""A time, and how long the loop had been idle until then."""


class Utilization:
    """The share of one loop. `start`, `mark` and `stop` belong to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.thread = ""
        """The name of the thread that runs the loop."""
        self._idle: IdleTime | None = None
        self._last: Mark | None = None
        self._marks: deque[Mark] = deque(maxlen=1000)
        """One for each collection."""

    def start(self, now: float) -> None:
        """Start to measure, or log that this loop cannot be measured."""
        if not has_capacity_metrics():
            return
        self.thread = threading.current_thread().name
        self._idle = idle_time(self._loop)
        if self._idle is None:
            _log.warning("%s is not measured on %s", names.METRIC_LOOP_UTILIZATION, self._loop)
            return
        self._last = now, self._idle.seconds()
        self._marks.append(self._last)

    def mark(self, now: float) -> None:
        """Note the idle time until now: seconds of the heartbeat's clock."""
        if self._idle is not None:
            self._last = now, self._idle.seconds()

    def stop(self) -> None:
        """Restore the loop. From any thread."""
        if self._idle is not None:
            self._idle.stop()

    def share(self, now: float) -> float | None:
        """Return the share since the last call that is at least WINDOW_S ago, or since the start.

        None: it is not known, as the loop does not run.
        """
        last = self._last
        if last is None or self._loop.is_closed() or not self._loop.is_running():
            return None
        at, idle = last
        if now - at < LATE_S:
            now = at
        marks = self._marks
        while len(marks) > 1 and now - marks[1][0] >= WINDOW_S:
            marks.popleft()
        since, idle_before = marks[0]
        if now > marks[-1][0]:
            marks.append((now, idle))
        if now <= since:
            return None
        return min(1.0, max(0.0, 1 - (idle - idle_before) / (now - since)))


Shares = Callable[[], Iterable[tuple[str, float]]]
"""Returns the name of each watched loop's thread, and the loop's share."""


def report_utilization(meter: Meter, shares: Shares) -> None:
    """Report the share of each loop, by the name of its thread."""

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        for thread, share in shares():
            yield Observation(share, {names.THREAD_NAME: thread})

    meter.create_observable_gauge(
        names.METRIC_LOOP_UTILIZATION,
        [observe],
        "1",
        "The share of time in which the event loop ran callbacks.",
    )
