"""What the time of a span was spent on, followed from task to task as the lens recorded it.

Seen from its end backwards, a task was in one of the spans that it made, or waited for another
task, or did neither: then the time is the span's own. Where it waited, the walk continues in the
task that ended the wait, for as long as the wait lasted, and there in the same way. So a path
follows `gather` into the task that ended last, and a lock to the task that held it. Nothing is
concluded from spans that only happen to end before others begin.

A wait shorter than 5 ms is not recorded. So where a task has neither a span nor a wait, shorter
spans of other tasks are judged by their times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from overlap import names
from overlap.judge.path.group_path import group_path
from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.task_record import Edge
from overlap.judge.tree.tasks import task_of_child, task_record
from overlap.judge.tree.thread_lanes import with_those_ahead

MOST_JUMPS: Final = 64
"""The most tasks in a row, each waiting for the next: more are a circle."""


class Part(NamedTuple):
    """A part of a span's window. Times in ns."""

    span: int
    start: int
    end: int
    own: bool
    """The span's own time; otherwise a window, still to be divided."""
    task: int
    """The number of the task to follow in it."""
    jumps: int = 0
    """How many waits lie between this window and the span that was entered last."""
    by_times: bool = False
    """Whether it is only by its times that this span was awaited here."""


def recorded_parts(tree: Tree, window: Part, children: Sequence[int]) -> list[Part]:
    """Return what a window of a recorded span consists of, the last part first; none is empty.

    children: of the span, those that are work and were awaited, in order of start.
    """
    parent, low, high = window.span, window.start, window.end
    record = task_record(tree)
    path, starts = _path_of_task(tree, parent, window.task, children)
    place = bisect_left(starts, high) - 1
    edges = [
        edge
        for edge in record.edges.get((parent, window.task), ())
        if edge.start < high and edge.end > low
    ]
    parts: list[Part] = []
    while high > low:
        child_end = tree.ends[path[place]] if place >= 0 else low
        target = None
        if edges and min(edges[-1].end, high) >= min(child_end, high):
            edge = edges.pop()
            target = _target(tree, window, edge)
            if target is None or edge.start >= high:
                continue
            start, end = max(edge.start, low), min(edge.end, high)
            part = Part(target, start, end, False, edge.by, window.jumps + 1)
        elif place >= 0 and child_end > low:
            child = path[place]
            start, end = part_start(tree, path, place, low), min(child_end, high)
            place -= 1
            if start >= end:
                continue
            task = record.numbers[child]
            part = Part(child, start, end, False, task)
        else:
            break
        _add_gap(tree, parts, window, children, end, high)
        parts.append(part)
        high = start
    _add_gap(tree, parts, window, children, low, high)
    return parts


def _path_of_task(
    tree: Tree, parent: int, task: int, children: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the children that a task did, in a row, and their starts.

    With those of other tasks that had the thread which it waited for.
    """
    paths = task_record(tree).paths
    found = paths.get((parent, task))
    if found is None:
        own = [index for index in children if task_of_child(tree, index) == task]
        found = paths[parent, task] = _in_a_row(tree, with_those_ahead(tree, own, children))
    return found


def _in_a_row(tree: Tree, members: Sequence[int]) -> tuple[list[int], list[int]]:
    called = [tree.spans[index].name for index in members]
    path = [members[place] for place in group_path(tree.all_running(members), called)]
    return path, [tree.starts[index] for index in path]


def _target(tree: Tree, window: Part, edge: Edge) -> int | None:
    """Return the span below which the task that ended a wait worked; None if it is not here."""
    record = task_record(tree)
    region = record.regions[window.span]
    home = record.homes.get((region, edge.by))
    if home is None or edge.by == window.task or window.jumps >= MOST_JUMPS:
        return None
    return home


def part_start(tree: Tree, path: Sequence[int], place: int, low: int) -> int:
    """Return where a child's part begins. A wait for a thread is the child's own time."""
    start = tree.starts[path[place]]
    if names.THREAD_CALLS in tree.words:
        before = tree.ends[path[place - 1]] if place else low
        start = min(tree.running(path[place])[0], max(start, before))
    return max(start, low)


def _add_gap(  # noqa: PLR0913, PLR0917  a gap, and what may be in it
    tree: Tree, parts: list[Part], window: Part, children: Sequence[int], low: int, high: int
) -> None:
    """Add the own time of a span, and what was perhaps awaited in it for less than is recorded."""
    if low >= high:
        return
    parent, record = window.span, task_record(tree)
    first = bisect_left(children, low, key=tree.starts.__getitem__)
    last = bisect_left(children, high, lo=first, key=tree.starts.__getitem__)
    inside = [
        index
        for index in children[first:last]
        if tree.ends[index] <= high
        and tree.ends[index] - tree.starts[index] < record.unrecorded_ns(parent)
    ]
    for child in reversed(_in_a_row(tree, inside)[0]) if inside else ():
        start, end = tree.starts[child], min(tree.ends[child], high)
        if start >= end:  # one that waited for a thread is in a row with those before it ran there
            continue
        if end < high:
            parts.append(Part(parent, end, high, True, window.task))
        number = record.numbers[child]
        parts.append(Part(child, start, end, False, number, by_times=True))
        high = start
    if low < high:
        parts.append(Part(parent, low, high, True, window.task))
