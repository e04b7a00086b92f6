"""Samples of a process, and what they say at the end."""

import time
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import psutil


@dataclass(frozen=True)
class Sample:
    """What a process uses at one time."""

    at: float
    rss: int
    """Bytes."""
    threads: int
    fds: int
    cpu: float
    """Seconds of processor time since its start."""


@dataclass
class Process:
    """A process that is watched while it serves."""

    name: str
    pid: int
    samples: list[Sample] = field(default_factory=list)

    def sample(self) -> None:
        process = psutil.Process(self.pid)
        with process.oneshot():
            cpu = process.cpu_times()
            self.samples.append(
                Sample(
                    time.monotonic(),
                    process.memory_info().rss,
                    process.num_threads(),
                    process.num_fds(),
                    cpu.user + cpu.system,
                )
            )

    def rss(self, began: float, ended: float, at: float) -> float:
        """Return the median RSS around a share of the time, in bytes."""
        width = (ended - began) * 0.05
        middle = began + (ended - began) * at
        near = [each.rss for each in self.samples if abs(each.at - middle) <= max(width, 3)]
        return float(median(near or [self.samples[-1].rss]))

    def cpu(self, began: float, ended: float) -> float:
        """Return the processor time used between two times, in seconds, from the samples there."""
        inside = [each for each in self.samples if began <= each.at <= ended]
        # Between two samples each: what the first and the last request of a window cost is a part.
        used = sum(late.cpu - early.cpu for early, late in pairwise(inside))
        passed = inside[-1].at - inside[0].at if len(inside) > 1 else 0.0
        return used * (ended - began) / passed if passed else 0.0


def p99(durations: list[tuple[float, float]], began: float, ended: float) -> float:
    """Return the 99th percentile of what began in a window, in seconds."""
    found = sorted(took for when, took in durations if began <= when < ended)
    return found[int(len(found) * 0.99)] if found else 0.0
