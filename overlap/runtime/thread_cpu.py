"""The processor time of one thread, and its time in the run queue, read from another thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path


class ThreadClock:
    """The clocks of the thread that creates it, in seconds; 0 if the platform has none."""

    def __init__(self) -> None:
        self._clock: int | None = None
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        # Linux: nanoseconds on a processor, nanoseconds in the queue for one, and turns.
        self._queue = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def used(self) -> float:
        """Return the seconds on a processor."""
        if self._clock is None:
            return 0.0
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # the thread has ended
            return 0.0

    def busy(self) -> float:
        """Return the seconds on a processor or waiting for one, as computing threads do."""
        try:
            ran, queued, _ = self._queue.read_text().split()
            return (int(ran) + int(queued)) / 1e9
        except (OSError, ValueError):
            return self.used()
