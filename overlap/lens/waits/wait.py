"""One wait of a task, and the longest waits of a span."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from itertools import count
from typing import Generic, Protocol, TypeVar

from opentelemetry.trace import SpanContext

from overlap.runtime.stack import Line

LEAST_S = 0.005
"""Shorter waits are not recorded: they explain nothing, and each would cost its part."""
MOST = 32
"""The longest waits of a span that are kept."""
_numbers = count()


@dataclass(frozen=True, slots=True)
class EndedBy:
    """What ended a wait."""

    task: str | None
    line: str | None
    request: str | None
    """The name of the outermost span that it worked for."""
    span: SpanContext | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Times in seconds of time.perf_counter()."""

    kind: str
    began: float
    ended: float
    task: str
    function: str
    """What waited: `Queue.get`."""
    line: Line | None
    """The innermost line of the user's code."""
    given_up: bool
    by: EndedBy | None


class Interval(Protocol):
    """What lasts from `began` to `ended`."""

    @property
    def began(self) -> float:
        """In seconds."""

    @property
    def ended(self) -> float:
        """In seconds."""


Kept = TypeVar("Kept", bound=Interval)


@dataclass(slots=True)
class Longest(Generic[Kept]):
    """The longest waits of one span. Of equal ones, the first."""

    least_s: float = LEAST_S
    """A shorter one would not be kept, and need not be looked at."""
    _heap: list[tuple[float, int, Kept]] = field(default_factory=list)

    def add(self, wait: Kept) -> None:
        """Keep a wait if it is among the longest."""
        entry = (wait.ended - wait.began, -next(_numbers), wait)
        if len(self._heap) < MOST:
            heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapreplace(self._heap, entry)
        if len(self._heap) == MOST:
            self.least_s = self._heap[0][0]

    def longest_first(self) -> list[Kept]:
        """Return the waits that are kept."""
        return [wait for _, _, wait in sorted(self._heap, reverse=True)]


def length(waits: list[Wait]) -> float:
    """Return for how long at least one of them lasted, in seconds."""
    total, reached = 0.0, float("-inf")
    for began, ended in sorted((wait.began, wait.ended) for wait in waits):
        if ended > reached:
            total += ended - max(began, reached)
            reached = ended
    return total
