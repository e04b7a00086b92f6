"""The processor time of one thread, and its time in the run queue, read from any thread."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import BuiltinFunctionType


class ThreadClock:
    """The clocks of the thread that creates it, in seconds; 0 if the platform has none."""

    def __init__(self) -> None:
        self._clock: int | None = None
        # gevent has a get_ident of its own, of greenlets: asking for their clock may crash.
        if hasattr(time, "pthread_getcpuclockid") and isinstance(
            threading.get_ident, BuiltinFunctionType
        ):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
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
            return _busy_s(self._queue.read_bytes())
        except (OSError, ValueError):
            return self.used()


def _busy_s(schedstat: bytes) -> float:
    """Return the seconds on a processor and in the queue for one, from a schedstat file of Linux.

    It has nanoseconds on a processor, nanoseconds in the queue, and turns. Raises ValueError if it
    has something else.
    """
    ran, queued, _ = schedstat.split()
    return (int(ran) + int(queued)) / 1e9


class BusyClock:
    """Processor time of the thread that creates it with its time in the queue for one, in seconds.

    A thread that computes is always in one of both, on a busy machine too. One that sleeps, reads
    a socket or waits for the interpreter lock is in neither. The platform's file is open until
    `close`: not for as long as the thread lives, as a server may have many and few descriptors.
    """

    __slots__ = ("_file",)

    def __init__(self) -> None:
        self._file = -1
        with suppress(OSError, AttributeError):
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> float:
        """Return the seconds so far; 0 if the platform does not say. It takes about 1 us."""
        if self._file < 0:
            return 0.0
        try:
            return _busy_s(os.pread(self._file, 100, 0))
        except (OSError, ValueError):
            return 0.0

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
