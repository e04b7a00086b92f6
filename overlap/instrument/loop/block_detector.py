"""Is the loop blocked? Decided from samples alone, with no clock and no thread of its own.

A loop that is late is not yet blocked. It may have a thousand short callbacks to run; it
may sit in its selector while the machine runs something else; the whole process may have
been stopped. What tells a block is that one and the same callback is there in one sample
after the other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from opentelemetry.context import Context

from overlap import names
from overlap.runtime.stack import Line

MOST = 0.5
"""A thread that computed for this share of the time between two samples did so all along."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the loop's thread did at one moment. Times in seconds, on one monotonic clock."""

    at: float
    beat: float
    """When the loop last answered."""
    running: object | None
    """The task, or the frame of the callback; None where the loop ran nothing."""
    starved: float = 0.0
    """For how much of the time since the last sample the watchdog could not look, and the
    loop's thread did not run either, or the garbage collector did: nobody's fault."""
    held: float = 0.0
    """For how long the loop's thread kept the processor, and the watchdog out, since then."""
    lines: tuple[Line, ...] = ()
    context: Context | None = None
    doing: str | None = None
    """What the innermost frame did, where that is known (overlap.instrument.loop.block_kind)."""
    busy: float = 0.0
    """Seconds that the loop's thread has computed, or wanted to, since it began."""


class Suspicion:
    """One callback under suspicion: since when, on how much evidence."""

    def __init__(self, first: Sample, since: float) -> None:
        self.running = first.running
        self.first = first
        self.since = since
        """When it began: the last beat, or, where something else ran after that, the sample."""
        self.samples = 1
        self._last = first
        self._doing = Counter({first.doing: 1})
        self._starved = first.starved
        self._held = first.held

    def add(self, sample: Sample) -> None:
        """Count one more sample of the same callback."""
        self.samples += 1
        self._last = sample
        self._doing[sample.doing] += 1
        self._starved += sample.starved
        self._held = max(self._held, sample.held)

    def kind(self) -> str:
        """What held the loop: one of the BLOCK_ kinds of names.py.

        What the stack says counts, unless the thread was busy all the time, which who sleeps
        is not; reading a file is both. A stack that says nothing leaves computing or waiting.
        """
        doing = self._doing.most_common(1)[0][0]
        took = self._last.at - self.first.at
        if self.samples > 1 and took > 0:
            busy = self._last.busy - self.first.busy >= MOST * took
        else:
            busy = self._held > 0
        if busy:
            return names.BLOCK_FILE if doing == names.BLOCK_FILE else names.BLOCK_CPU
        return doing or names.BLOCK_WAIT

    def confirmed(self, now: float, threshold: float) -> bool:
        """Whether this is a block of at least `threshold` seconds.

        Two samples are asked for. One is enough where the loop's thread was seen to have
        kept the processor all the time: C code that holds the interpreter lets nobody look
        before it is done.
        """
        if now - self.since - self._starved < threshold:
            return False
        return self.samples > 1 or self._held >= threshold
