"""Samples of a process, and what they say at the end."""

import time
from dataclasses import dataclass, field
from statistics import median

import psutil


@dataclass
class Process:
    """A process that is watched while it serves."""

    name: str
    pid: int
    samples: list[tuple[float, int, int, int]] = field(default_factory=list)
    """When, RSS in bytes, threads, file descriptors."""

    def sample(self) -> None:
        process = psutil.Process(self.pid)
        with process.oneshot():
            found = process.memory_info().rss, process.num_threads(), process.num_fds()
        self.samples.append((time.monotonic(), *found))

    def rss(self, began: float, ended: float, at: float) -> float:
        """Return the median RSS around a share of the time, in bytes."""
        width = (ended - began) * 0.05
        middle = began + (ended - began) * at
        near = [rss for when, rss, *_ in self.samples if abs(when - middle) <= max(width, 3)]
        return float(median(near or [self.samples[-1][1]]))


def p99(durations: list[tuple[float, float]], began: float, ended: float) -> float:
    """Return the 99th percentile of what began in a window, in seconds."""
    found = sorted(took for when, took in durations if began <= when < ended)
    return found[int(len(found) * 0.99)] if found else 0.0
