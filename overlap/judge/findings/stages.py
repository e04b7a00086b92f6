"""Siblings into stages: connected sets of intervals that overlap by more than 5 % of the shorter.

A sweep in order of start, O(n log n), that gives exactly what comparing every
pair would. Two facts make it so. Write d for a duration, s and e for start and
end, and take x starting at or after y, so that they share min(ey, ex) - sx:

1. To know whether x overlaps *some* span of a stage it is enough to ask two of
   them. If an overlapping y is at least as long as x, then so does the one that
   ends last: it shares no less, and the shorter of the pair is still no longer
   than x. If y is shorter than x, it ends first, and the pair overlaps when
   20 (ey - sx) > dy, that is 19 ey + sy > 20 sx: then so does the one with the
   greatest 19 e + s. Spans that are over at sx fail both tests by themselves.
2. Never are more than two stages open at one instant. Of three spans that share
   an instant and of which the shortest, c, overlaps neither a nor b, both a and
   b cover the same edge of c, by 5 % of it or less; they are no shorter than c,
   so they share at least 95 % of the shorter of them: a and b overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

Interval = tuple[int, int]
"""Start and end in ns; the end is after the start."""


def overlap(one: Interval, other: Interval) -> bool:
    """Return whether two spans share more than 5 % of the shorter one; exact, in integers."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return 20 * shared > min(one[1] - one[0], other[1] - other[0])


@dataclass(slots=True)
class _Open:
    """A stage that a later span may still join, and the two of its spans worth asking."""

    members: list[int]
    ends_last: Interval
    reaches_last: Interval
    """The greatest 19 end + start."""

    def takes(self, interval: Interval) -> bool:
        return overlap(self.ends_last, interval) or overlap(self.reaches_last, interval)

    def absorb(self, other: _Open) -> None:
        small, large = sorted((self.members, other.members), key=len)
        large.extend(small)
        self.members = large
        self.ends_last = max(self.ends_last, other.ends_last, key=itemgetter(1))
        self.reaches_last = max(self.reaches_last, other.reaches_last, key=_reach)


def _reach(interval: Interval) -> int:
    return 19 * interval[1] + interval[0]


def stages(intervals: Sequence[Interval]) -> list[list[int]]:
    """Return the stages as lists of indexes into `intervals`, in any order. O(n log n)."""
    done: list[list[int]] = []
    still_open: list[_Open] = []  # two at the most, and one more while it is being placed
    for index in sorted(range(len(intervals)), key=intervals.__getitem__):
        interval = intervals[index]
        mine = _Open([index], interval, interval)
        others = []
        for stage in still_open:
            if stage.ends_last[1] <= interval[0]:
                done.append(stage.members)
            elif stage.takes(interval):
                mine.absorb(stage)
            else:
                others.append(stage)
        still_open = [*others, mine]
    done.extend(stage.members for stage in still_open)
    return done


def union_length(intervals: Iterable[Interval]) -> int:
    """Return how much time the intervals cover together, in ns. O(n log n)."""
    covered = 0
    reached: int | None = None
    for start, end in sorted(intervals):
        if reached is None or start > reached:
            covered += end - start
            reached = end
        elif end > reached:
            covered += end - reached
            reached = end
    return covered


def peak(intervals: Sequence[Interval]) -> int:
    """Return the most that run at one instant; one that ends as another starts is over."""
    starts = sorted(start for start, _ in intervals)
    ends = sorted(end for _, end in intervals)
    most = over = 0
    for started, start in enumerate(starts, start=1):
        while ends[over] <= start:
            over += 1
        most = max(most, started - over)
    return most
