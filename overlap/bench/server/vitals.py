"""What the system says of a process: threads, memory, processor time. Linux's /proc only."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

LOOK_EVERY_S = 0.02


def processor_s(pid: int) -> float | None:
    """Seconds of processor time, user's and system's, that a process has taken; None if unknown.

    In the system's ticks, of which Linux counts a hundred a second.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # After the command's name, which may hold anything: proc(5), fields 14 and 15.
        user, system = status.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None


class Vitals(threading.Thread):
    """The most threads and memory of a process, looked at every few milliseconds.

    Linux's /proc only; elsewhere both stay None.
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
            self._over.wait(LOOK_EVERY_S)
