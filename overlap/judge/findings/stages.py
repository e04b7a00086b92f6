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

Interval = tuple[int, int]
"""Start and end in ns; the end is after the start."""


def overlap(one: Interval, other: Interval) -> bool:
    """Return whether two spans share more than 5 % of the shorter one; exact, in integers."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return 20 * shared > min(one[1] - one[0], other[1] - other[0])


class _Open:
    """A stage that a later span may still join, and the two of its spans worth asking."""

    __slots__ = ("end", "members", "reach", "reach_end", "reach_start", "start")

    def __init__(self, member: int, start: int, end: int) -> None:
        self.members = [member]
        self.start, self.end = start, end
        """The span that ends last."""
        self.reach_start, self.reach_end = start, end
        self.reach = 19 * end + start
        """The span with the greatest 19 end + start."""

    def takes(self, start: int, end: int) -> bool:
        """Return whether one of the two overlaps a span that starts no earlier."""
        length, last = end - start, self.end
        other = last - self.start
        shared = (last if last < end else end) - start
        if 20 * shared > (other if other < length else length):
            return True
        last = self.reach_end
        other = last - self.reach_start
        shared = (last if last < end else end) - start
        return 20 * shared > (other if other < length else length)

    def add(self, member: int, start: int, end: int) -> None:
        """Add a span that one of the two overlaps."""
        self.members.append(member)
        if end > self.end:
            self.start, self.end = start, end
        if (reach := 19 * end + start) > self.reach:
            self.reach, self.reach_start, self.reach_end = reach, start, end

    def absorb(self, other: _Open) -> None:
        if len(other.members) > len(self.members):
            other.members.extend(self.members)
            self.members = other.members
        else:
            self.members.extend(other.members)
        if other.end > self.end:
            self.start, self.end = other.start, other.end
        if other.reach > self.reach:
            self.reach, self.reach_start, self.reach_end = (
                other.reach, other.reach_start, other.reach_end,
            )  # fmt: skip


def stages(intervals: Sequence[Interval]) -> list[list[int]]:
    """Return the stages as lists of indexes into `intervals`, in any order. O(n log n)."""
    if len(intervals) <= 1:
        return [[index] for index in range(len(intervals))]
    done: list[list[int]] = []
    still_open: list[_Open] = []  # two at the most
    for index in sorted(range(len(intervals)), key=intervals.__getitem__):
        start, end = intervals[index]
        if len(still_open) == 1:  # as a rule
            stage = still_open[0]
            if stage.takes(start, end):
                stage.add(index, start, end)
                continue
            if stage.end <= start:
                done.append(stage.members)
                still_open[0] = _Open(index, start, end)
                continue
        mine: _Open | None = None
        others: list[_Open] = []
        for stage in still_open:
            if stage.end <= start:
                done.append(stage.members)
            elif not stage.takes(start, end):
                others.append(stage)
            elif mine is None:
                mine = stage
            else:
                mine.absorb(stage)
        if mine is None:
            mine = _Open(index, start, end)
        else:
            mine.add(index, start, end)
        others.append(mine)
        still_open = others
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
    starts = sorted([start for start, _ in intervals])
    ends = sorted([end for _, end in intervals])
    most = over = 0
    for started, start in enumerate(starts, start=1):
        while ends[over] <= start:
            over += 1
        most = most if most > started - over else started - over
    return most
