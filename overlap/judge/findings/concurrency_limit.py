"""Whether calls ran n at a time: a semaphore, a pool of threads or of connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlap.judge.findings.stages import Interval, peak
from overlap.judge.median import median
from overlap.judge.tree.span_tree import Tree

LEAST_CALLS: Final = 4
GAP_PART: Final = 10
"""The next call starts within this part, 1/n, of a call's median duration after one ended."""
LEAST_GAP_NS: Final = 2_000_000


def calls_by_name(tree: Tree, siblings: Sequence[int]) -> dict[str, list[int]]:
    """Return the siblings of each name that has LEAST_CALLS of them, in their own order."""
    spans = tree.spans
    called = [spans[index].name for index in siblings]
    if len(called) - len({*called}) + 1 < LEAST_CALLS:  # most traces end here
        return {}
    found: dict[str, list[int]] = {}
    for name, index in zip(called, siblings, strict=True):
        found.setdefault(name, []).append(index)
    return {name: members for name, members in found.items() if len(members) >= LEAST_CALLS}


def concurrency_limit(intervals: Sequence[Interval]) -> int | None:
    """Return n if the calls ran n at a time, 2 or more; None if nothing held them back.

    So it is if the first n start at once, and each later one as soon as another has ended,
    when there are n again.
    """
    most = peak(intervals) if len(intervals) >= LEAST_CALLS else 0
    if not 2 <= most < len(intervals):
        return None
    starts = sorted(start for start, _ in intervals)
    ends = sorted(end for _, end in intervals)
    gap = max(LEAST_GAP_NS, round(median(end - start for start, end in intervals) / GAP_PART))
    if starts[most - 1] - starts[0] > gap:
        return None
    # The call that starts as number most + k follows the end that came as number k + 1.
    late = (starts[most + k] - ends[k] for k in range(len(intervals) - most))
    return most if all(0 <= wait <= gap for wait in late) else None
