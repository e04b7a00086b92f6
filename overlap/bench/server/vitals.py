"""Threads, memory and processor time of a process, from Linux's /proc."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

POLL_S = 0.02


def processor_s(pid: int) -> float | None:
    """Return a process's user and system time in seconds; None if unknown.

    The resolution is the system's tick: a hundredth of a second on Linux.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # Fields 14 and 15 of proc(5), counted after the command, which may contain anything.
        user, system = status.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError):  # no /proc, or no os.sysconf
        return None


class Vitals(threading.Thread):
    """The maximum of a process's threads and memory, sampled every POLL_S.

    From Linux's /proc; elsewhere both stay None.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(name="bench-vitals", daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._over = threading.Event()
        self.threads: int | None = None
        self.rss_mb: float | None = None

    def __enter__(self) -> Vitals:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                status = self._status.read_text(encoding="ascii", errors="replace")
            except OSError:
                return
            threads = re.search(r"^Threads:\s+(\d+)", status, re.M)
            memory = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
            if threads and memory:
                self.threads = max(self.threads or 0, int(threads[1]))
                self.rss_mb = max(self.rss_mb or 0.0, int(memory[1]) / 1024)
            self._over.wait(POLL_S)
