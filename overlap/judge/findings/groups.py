"""The children of each span as a group: what ran at once and what one after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from overlap import names
from overlap.judge.findings.stages import peak, stages, union_length
from overlap.judge.model import Group
from overlap.judge.tree.span_tree import Tree, ms

PART = 3
"""Serial work takes at least this fraction, 1/n, of its parent's time."""


def groups(tree: Tree) -> Iterator[Group]:
    """Yield each span with children that are work, in order of start. O(n log n).

    Without the children of a scenario's root, which are load, and without the server
    span that is the only child of a client span: both are one request.
    """
    for parent in sorted(tree.children, key=lambda index: (tree.starts[index], index)):
        if names.SCENARIO_NAME in tree.spans[parent].attributes:
            continue
        work = [index for index in tree.children[parent] if tree.is_work(index)]
        if work and not _is_one_request(tree, parent, work):
            yield _group(tree, parent, work)


def is_concurrent(group: Group) -> bool:
    """Return whether some of it ran at once."""
    return any(len(stage) > 1 for stage in group.stages)


def is_serial(group: Group) -> bool:
    """Return whether it ran one after another, for at least a third of its parent's time.

    Only the work counts, not the gaps: two short queries, at the start and at the end of a
    request that computes for a second, do not make it serial. A third, because on a busy
    machine the gaps between short calls are as long as the calls.
    """
    return (
        len(group.stages) > 1
        and not is_concurrent(group)
        and group.work_ms * PART >= group.parent_ms
    )


def _is_one_request(tree: Tree, parent: int, work: list[int]) -> bool:
    return (
        len(work) == 1
        and tree.spans[parent].kind == "client"
        and tree.spans[work[0]].kind == "server"
    )


def _group(tree: Tree, parent: int, work: list[int]) -> Group:
    intervals = [(tree.starts[index], tree.ends[index]) for index in work]
    called = [tree.spans[index].name for index in work]
    found = []
    factor = 0.0
    for members in stages(intervals):
        times = [intervals[member] for member in members]
        factor = max(factor, sum(end - start for start, end in times) / union_length(times))
        first, last = min(start for start, _ in times), max(end for _, end in times)
        found.append((first, last, sorted(called[member] for member in members)))
    found.sort()
    span = tree.spans[parent]
    return Group(
        parent=span.name,
        parent_id=span.span_id,
        stages=[in_stage for _, _, in_stage in found],
        overlap_factor=round(factor, 3),
        peak=peak(intervals),
        wall_ms=ms(max(end for _, end in intervals) - min(start for start, _ in intervals)),
        work_ms=ms(sum(end - start for start, end in intervals)),
        critical_path=[called[member] for member in critical_path(intervals, called)],
        parent_ms=ms(tree.ends[parent] - tree.starts[parent]),
    )


def critical_path(intervals: Sequence[tuple[int, int]], called: Sequence[str]) -> list[int]:
    """Return the span that ends last, before it the one that ended last before it began, and so on.

    Of those that end together the longest, then the first by name. As indexes, in order of time.
    """
    by_end = sorted(range(len(intervals)), key=called.__getitem__, reverse=True)
    by_end.sort(key=lambda member: (intervals[member][1], -intervals[member][0]))
    ends = [intervals[member][1] for member in by_end]
    path = []
    place = len(by_end)
    while place:
        member = by_end[place - 1]
        path.append(member)
        place = bisect_right(ends, intervals[member][0])
    return path[::-1]
