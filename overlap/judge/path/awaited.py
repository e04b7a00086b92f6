"""The children that a span waited for: those that had ended when it did."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import le
from typing import Final

from overlap import names
from overlap.judge.findings.stages import stages
from overlap.judge.path.group_path import group_path
from overlap.judge.path.recorded_parts import Part, recorded_parts
from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.tasks import task_record

AWAITED_NS: Final = 1_000_000
"""A child that ends at most this long after its parent was awaited; a later one was not."""


def awaited(tree: Tree, parent: int) -> list[int]:
    """Return the children that are work and were awaited, in canonical order.

    The list may be that of all children: it must not be changed.
    """
    found = tree.awaited.get(parent)
    if found is None:
        last, ends, work = tree.ends[parent] + AWAITED_NS, tree.ends, tree.work
        found = tree.children.get(parent, [])
        if not tree.is_all_work or len(found) < 2 or max(tree.structure.pick(parent)(ends)) > last:
            found = [i for i in found if ends[i] <= last and work[i]]
        tree.awaited[parent] = found
    return found


def awaited_times(tree: Tree, parent: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the starts and the ends of the awaited children."""
    found = tree.awaited_times.get(parent)
    if found is None:
        children, starts, ends = awaited(tree, parent), tree.starts, tree.ends
        if len(children) > 1 and len(children) == len(tree.children[parent]):
            pick = tree.structure.pick(parent)
            found = pick(starts), pick(ends)
        else:
            found = [starts[index] for index in children], [ends[index] for index in children]
        tree.awaited_times[parent] = found
    return found


def in_a_row(tree: Tree, parent: int) -> bool:
    """Return whether each awaited child begins when the one before has ended, or later.

    Then each is a stage, and all are on the path: the sweeps over them can be spared.
    """
    found = tree.in_a_row.get(parent)
    if found is None:
        if names.THREAD_CALLS in tree.words:
            times = tree.all_running(awaited(tree, parent))
            found = all([before[1] <= after[0] for before, after in pairwise(times)])
        else:
            starts, ends = awaited_times(tree, parent)
            found = all(map(le, ends, starts[1:]))
        tree.in_a_row[parent] = found
    return found


def awaited_path(tree: Tree, parent: int) -> list[int]:
    """Return the critical path among the awaited children, in order of time."""
    found = tree.paths.get(parent)
    if found is None and task_record(tree).is_recorded(parent):
        found = tree.paths[parent] = _recorded_path(tree, parent)
    if found is None:
        children = awaited(tree, parent)
        if in_a_row(tree, parent):
            found = children
        else:
            times = tree.all_running(children)
            called = [tree.spans[index].name for index in children]
            found = [children[place] for place in group_path(times, called)]
        tree.paths[parent] = found
    return found


def _recorded_path(tree: Tree, parent: int) -> list[int]:
    """Return the path as the recorded waits of tasks lead to it: children of this span only."""
    children = awaited(tree, parent)
    found: list[int] = []
    own_task = task_record(tree).numbers[parent]
    whole = Part(parent, tree.starts[parent], tree.ends[parent], False, own_task)
    todo = [whole]
    while todo:
        part = todo.pop()
        if part.own:
            continue
        if part.span == parent:
            todo.extend(reversed(recorded_parts(tree, part, children)))
        elif tree.parents[part.span] == parent:
            found.append(part.span)
    return [*dict.fromkeys(reversed(found))]


def awaited_stages(tree: Tree, parent: int) -> list[list[int]]:
    """Return the stages of the awaited children, in any order."""
    found = tree.stages.get(parent)
    if found is None:
        children = awaited(tree, parent)
        if in_a_row(tree, parent):
            found = [[index] for index in children]
        else:
            times = tree.all_running(children)
            found = [[children[place] for place in each] for each in stages(times)]
        tree.stages[parent] = found
    return found
