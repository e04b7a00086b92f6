"""What continues after a gather has failed would be cancelled by a TaskGroup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.beyond_response import outliving
from overlap.judge.model import Advice
from overlap.judge.summary import clean, duration, listing
from overlap.judge.tree.span_tree import NS_PER_MS, Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.judge.tree.task_record import Edge
from overlap.judge.tree.tasks import task_record

TASK_GROUP: Final = "task_group"
LEAST_NS: Final = 50_000_000
"""What continues for a shorter time is hardly worth cancelling."""
_EARLY_NS: Final = 1_000_000
"""So much earlier than its wait a gathered call may begin: clocks are read one after another."""


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each recorded gather with a call that failed and others that continued."""
    tree = requests.tree
    if not may_have(tree):
        return
    failures: dict[tuple[int, int, Edge], list[int]] = {}
    for index, _ in outliving(tree):
        if failure := _failure(tree, index):
            failures.setdefault((tree.parents[index], *failure), []).append(index)
    for (parent, failed, edge), others in failures.items():
        length = max(tree.ends[index] for index in others) - edge.end
        if length < LEAST_NS:
            continue
        one = len(others) == 1
        called = listing([tree.spans[index].name for index in others])
        change = Change(
            change=TASK_GROUP,
            spans=[failed, *others],
            parent=parent,
            do=f"wait with asyncio.TaskGroup, which cancels {called} when "
            f"{clean(tree.spans[failed].name)} fails (gather let {'it' if one else 'them'} "
            f"continue for {duration(length / NS_PER_MS)})",
            condition="if nothing else needs the result",
            at=clean(edge.line),
        )
        if found := requests.advice(change):
            yield found


def may_have(tree: Tree) -> bool:
    """Return whether a trace has what this is about: few have."""
    return names.AWAIT_EDGES in tree.words and bool(outliving(tree))


def _failure(tree: Tree, index: int) -> tuple[int, Edge] | None:
    """Return the call that ended a gather by failing while it waited for this one, and the wait."""
    record, parent = task_record(tree), tree.parents[index]
    if parent == NO_PARENT or not record.is_recorded(index):
        return None
    waiting = record.numbers[parent]
    for edge in record.edges.get((parent, waiting), ()):
        began = edge.start - _EARLY_NS <= tree.starts[index] < edge.end
        if edge.how == names.AWAIT_BY_GATHER and began and edge.end < tree.ends[index]:
            for sibling in tree.children[parent]:
                failed = tree.spans[sibling].status == "error"
                if failed and record.numbers[sibling] == edge.by not in (
                    waiting, record.numbers[index],
                ):  # fmt: skip
                    return sibling, edge
    return None
