"""What the watchdog's thread saw of the step that the loop runs: its line, and if it computes."""

from __future__ import annotations

from time import thread_time
from types import FrameType
from typing import NamedTuple

from overlap.runtime import stack
from overlap.runtime.await_chain import words

LONG_S = 0.005
"""A step is looked at once it has run for so long, and again when that time has doubled."""


class Seen(NamedTuple):
    """Of one step. Times in seconds of time.perf_counter(); replaced as a whole, by one thread."""

    began: float = 0.0
    """When the step began, which is its identity."""
    line: str = ""
    """At the last look, which is in the second half of the step so far."""
    last: float = 0.0
    first: float = 0.0
    """When it was looked at."""
    used: float = 0.0
    """How long the loop's thread had been on a processor at the first look; 0: not known."""

    def is_due(self, began: float, now: float) -> bool:
        """Return whether a step that began then is to be looked at now."""
        least = 2 * (self.last - began) if self.began == began else LONG_S
        return now - began >= least

    def looked(self, began: float, now: float, used: float, frame: FrameType) -> Seen:
        """Return what is known after a look at the innermost frame of the loop's thread."""
        # Not beyond the step: what started the loop is no part of it.
        frame = stack.outside_gc_callbacks(frame) or frame
        line = words(stack.culprit(stack.lines(frame, stack.callback_frame(frame, None))))
        if self.began == began:
            return self._replace(line=line, last=now)
        return Seen(began, line, now, now, used)

    def line_of(self, began: float) -> str | None:
        """Return the line of the step that began then; None if it was not looked at."""
        return self.line if self.began == began else None

    def idle(self, began: float, end: float) -> float | None:
        """Return for how many seconds since the first look the thread did not compute.

        On the loop's thread. None if that step was not looked at.
        """
        if self.began != began or not self.used:
            return None
        return max(0.0, end - self.first - (thread_time() - self.used))
