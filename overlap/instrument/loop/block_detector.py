"""Decide whether the event loop is blocked, from samples alone: no clock and no thread here.

A late loop is not necessarily blocked. It may have a thousand short callbacks to run, it may
wait in its selector while the machine runs something else, or the whole process may have been
stopped. A block is one callback that is found in one sample after another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from opentelemetry.context import Context

from overlap import names
from overlap.runtime.stack import Line

MOST = 0.5
"""A thread that computed for this share of the time between two samples counts as computing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the loop's thread did at one moment. Times are seconds of one monotonic clock."""

    at: float
    beat: float
    """When the loop last ran the heartbeat."""
    running: object | None
    """The task, or the frame of the callback; None if the loop ran nothing."""
    starved: float = 0.0
    """Time since the last sample in which neither the watchdog nor the loop's thread ran: caused
    by no callback."""
    locked_out: float = 0.0
    """Time since then in which the loop's thread ran and the watchdog could not."""
    collected: float = 0.0
    """Time since then in which a full garbage collection paused the process."""
    lines: tuple[Line, ...] = ()
    context: Context | None = None
    kind: str | None = None
    """What the innermost frame did, if known (overlap.instrument.loop.block_kind)."""
    busy: float = 0.0
    """Seconds that the loop's thread has computed, or waited for a processor, since its start."""


class BlockCandidate:
    """One callback that may block the loop: since when, and by how many samples."""

    def __init__(self, first: Sample, since: float) -> None:
        self.running = first.running
        self.first = first
        self.since = since
        """When it began: at the last heartbeat, or when something else was last seen to run."""
        self.samples = 1
        self._last = first
        self._kinds = Counter({first.kind: 1})
        self._starved = first.starved
        self._locked_out = first.locked_out
        self._collected = first.collected

    def add(self, sample: Sample) -> None:
        """Add another sample of the same callback."""
        self.samples += 1
        self._last = sample
        self._kinds[sample.kind] += 1
        self._starved += sample.starved
        self._locked_out = max(self._locked_out, sample.locked_out)
        self._collected += sample.collected

    def kind(self) -> str:
        """Return what blocked the loop: one of the BLOCK_ kinds of overlap.names.

        The stack decides, unless the thread was computing all the time, which a thread that
        sleeps is not; reading a file may be both. Without evidence from the stack it is
        computing or waiting.
        """
        kind = self._kinds.most_common(1)[0][0]
        took = self._last.at - self.first.at
        if self.samples > 1 and took > 0:
            busy = self._last.busy - self.first.busy >= MOST * took
        else:
            busy = self._locked_out > 0
        if busy:
            return names.BLOCK_FILE if kind == names.BLOCK_FILE else names.BLOCK_CPU
        return kind or names.BLOCK_WAIT

    def confirmed(self, now: float, threshold: float) -> bool:
        """Return whether this is a block of at least `threshold` seconds.

        Two samples are required. One is enough if the loop's thread used the processor all the
        time, or the garbage collector did: C code that holds the interpreter lock keeps the
        watchdog from looking earlier.
        """
        if now - self.since - self._starved < threshold:
            return False
        return self.samples > 1 or self._locked_out + self._collected >= threshold
