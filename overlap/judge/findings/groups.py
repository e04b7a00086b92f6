"""The children of each span as a group: what ran at once and what one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from overlap import names
from overlap.judge.findings.stages import Interval, peak, stages, union_length
from overlap.judge.model import CONCURRENT, RECORDED, SERIAL, SINGLE, TIMING, Group
from overlap.judge.path.awaited import (
    awaited,
    awaited_path,
    awaited_stages,
    awaited_times,
    in_a_row,
)
from overlap.judge.path.group_path import group_path
from overlap.judge.tree.span_tree import Tree, ms
from overlap.judge.tree.tasks import task_record

MISSING: Final = "(missing)"
"""The parent of siblings whose parent the trace does not hold."""
PART: Final = 3
"""Serial work takes at least this fraction, 1/n, of its parent's time."""


def groups(tree: Tree) -> Iterator[Group]:
    """Yield each span with children that are work, in order of start. O(n log n).

    Siblings whose parent is not in the trace are a group too, after the others.

    Without the children of a scenario's root, which are load, and without the server
    span that is the only child of a client span: both are one request.
    """
    for parent in sorted(sorted(tree.children), key=tree.starts.__getitem__):
        if work := _group_work(tree, parent):
            span, length = tree.spans[parent], tree.ends[parent] - tree.starts[parent]
            above = _Parent(span.name, span.span_id, length)
            siblings = _Siblings(
                work, _awaited_stages(tree, parent, work), awaited(tree, parent),
                awaited_path(tree, parent), task_record(tree).is_recorded(parent),
            )  # fmt: skip
            yield _group(tree, above, siblings)
    for parent_id, members in sorted(tree.orphans.items()):
        work = [index for index in members if tree.is_work(index)]
        if len(work) > 1:
            times = tree.all_running(work)
            length = max(end for _, end in times) - min(start for start, _ in times)
            above = _Parent(MISSING, parent_id, length)
            siblings = _Siblings(work, _stages(tree, work), work, _path(tree, work))
            yield _group(tree, above, siblings)


def group_shapes(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield the parent of each group with the group's shape: for who needs no more of it."""
    for parent in tree.children:
        if work := _group_work(tree, parent):
            length = tree.ends[parent] - tree.starts[parent]
            waited_for = awaited(tree, parent)
            is_same = work is waited_for or work == waited_for
            if is_same and in_a_row(tree, parent):
                at_once = False
            else:
                at_once = len(_awaited_stages(tree, parent, work)) < len(work)
            work_ns = 0 if at_once else _awaited_ns(tree, parent)
            yield parent, _shape(length, waited_for, work_ns, at_once=at_once)


def _group_work(tree: Tree, parent: int) -> list[int]:
    """Return the children of a span that are a group; none if they are load or one request."""
    if names.SCENARIO_NAME in tree.words and names.SCENARIO_NAME in tree.spans[parent].attributes:
        return []
    work = tree.children[parent]
    if not tree.is_all_work:
        work = [index for index in work if tree.work[index]]
    return [] if _is_one_request(tree, parent, work) else work


def _awaited_stages(tree: Tree, parent: int, work: list[int]) -> list[list[int]]:
    if work == awaited(tree, parent):
        return awaited_stages(tree, parent)
    return _stages(tree, work)


def is_concurrent(group: Group) -> bool:
    """Return whether some of it ran at once."""
    return group.shape == CONCURRENT


def is_serial(group: Group) -> bool:
    """Return whether it ran one after another, for at least a third of its parent's time."""
    return group.shape == SERIAL


def _is_one_request(tree: Tree, parent: int, work: list[int]) -> bool:
    return (
        len(work) == 1
        and tree.spans[parent].kind == "client"
        and tree.spans[work[0]].kind == "server"
    )


class _Parent(NamedTuple):
    """What a group knows of its parent, which the trace may not hold."""

    name: str
    span_id: str
    length: int
    """In ns."""


class _Siblings(NamedTuple):
    """The children of one span that are work, by index."""

    work: list[int]
    stages: list[list[int]]
    awaited: list[int]
    path: list[int]
    recorded: bool = False


def _group(tree: Tree, parent: _Parent, siblings: _Siblings) -> Group:
    work, in_stages, waited_for, path, _ = siblings
    intervals = tree.all_running(work)
    begin, done = min(intervals)[0], max([end for _, end in intervals])
    total = _length(intervals)
    found = []
    factor = 0.0
    for members in in_stages:
        if len(members) == 1:
            factor = max(factor, 1.0)
            start, end = tree.running(members[0])
            found.append((start, end, [(tree.spans[members[0]].name, members[0])]))
            continue
        in_stage = sorted([(tree.spans[index].name, index) for index in members])
        if len(members) == len(work):
            factor = total / union_length(intervals)
            found.append((begin, done, in_stage))
            continue
        times = tree.all_running(members)
        factor = max(factor, _length(times) / union_length(times))
        found.append((min(times)[0], max([end for _, end in times]), in_stage))
    found.sort()
    return Group(
        parent=parent.name,
        parent_id=parent.span_id,
        stages=[[name for name, _ in in_stage] for _, _, in_stage in found],
        overlap_factor=round(factor, 3),
        peak=peak(intervals),
        wall_ms=ms(done - begin),
        work_ms=ms(total),
        critical_path=[tree.spans[index].name for index in path],
        parent_ms=ms(parent.length),
        shape=_shape(
            parent.length,
            waited_for,
            _length(tree.all_running(waited_for)),
            at_once=len(found) < len(work),
        ),
        stage_ids=[[tree.spans[i].span_id for _, i in in_stage] for _, _, in_stage in found],
        critical_path_ids=[tree.spans[index].span_id for index in path],
        evidence=RECORDED if siblings.recorded else TIMING,
    )


def _length(intervals: Iterable[Interval]) -> int:
    return sum([end - start for start, end in intervals])


def _awaited_ns(tree: Tree, parent: int) -> int:
    """Return how long the awaited children took, in ns."""
    if names.THREAD_CALLS in tree.words:
        return _length(tree.all_running(awaited(tree, parent)))
    starts, ends = awaited_times(tree, parent)
    return sum(ends) - sum(starts)


def _stages(tree: Tree, work: list[int]) -> list[list[int]]:
    found = stages(tree.all_running(work))
    return [[work[place] for place in members] for members in found]


def _path(tree: Tree, work: list[int]) -> list[int]:
    times = tree.all_running(work)
    return [work[place] for place in group_path(times, [tree.spans[i].name for i in work])]


def _shape(length: int, waited_for: list[int], work_ns: int, *, at_once: bool) -> str:
    """Return `serial` for awaited work in a row, for at least a third of the parent's time.

    Only the work counts, not the gaps: two short queries, at the start and at the end of a
    request that computes for a second, do not make it serial. A third, because on a busy
    machine the gaps between short calls are as long as the calls.
    """
    if at_once:
        return CONCURRENT
    if len(waited_for) <= 1:
        return SINGLE
    return SERIAL if work_ns * PART >= length else SINGLE
