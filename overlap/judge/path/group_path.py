"""The critical path among siblings: the chain that decides when the last of them ends.

The predecessor of a span is the last to end among its siblings that began earlier and do not
overlap it by the rule of `stages`: more than 5 % of the shorter one. Write s, e and d for the
start, end and duration of a span, and s', e' and d' for a sibling with s' < s. If e' > e they
share all of the span, and overlap. Otherwise they share e' - s, and do not overlap if

    20 (e' - s) <= d    and    20 (e' - s) <= d', that is 19 e' + s' <= 20 s.

So the siblings are sorted by end, and the search for a predecessor starts at the last one with
e' <= s + d / 20 and goes down. What it passes over ends no earlier than the predecessor does,
and the next search starts below that: no sibling is passed over twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

Interval = tuple[int, int]


def group_path(intervals: Sequence[Interval], called: Sequence[str]) -> list[int]:
    """Return the critical path as indexes into `intervals`, in order of time. O(n log n).

    The last is the span that ends last. Of those that end together the longest is taken,
    then the first by name.
    """
    if len(intervals) <= 1:
        return [*range(len(intervals))]
    keys = [(end, -start) for start, end in intervals]
    by_end = [*range(len(intervals))]
    if len({*keys}) < len(keys):
        by_end.sort(key=called.__getitem__, reverse=True)
    by_end.sort(key=keys.__getitem__)
    ends = [intervals[member][1] for member in by_end]
    path = []
    place = len(by_end) - 1
    while place >= 0:
        member = by_end[place]
        path.append(member)
        start, end = intervals[member]
        place = bisect_right(ends, start + (end - start) // 20) - 1
        while place >= 0 and 19 * ends[place] + intervals[by_end[place]][0] > 20 * start:
            place -= 1
    return path[::-1]
