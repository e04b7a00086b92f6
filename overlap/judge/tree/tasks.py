"""Which task each span started in, and which task waited for which, as the lens recorded it.

A span has the task of its parent, unless it names its own (names.AWAIT_TASK). A span of another
process, or one that the lens did not measure, has none. Numbers of tasks are unique within their
process, so they are compared only among the spans of one region: an outermost measured span or a
server span, and what is below it in the same process.
"""

from __future__ import annotations

import re
from typing import Final

from overlap import names
from overlap.judge.tree.span_tree import Tree, same_process
from overlap.judge.tree.structure import NO_PARENT
from overlap.judge.tree.task_record import LEAST_NS, NO_REGION, Edge, TaskRecord

_ROW = re.compile(r"(\d{1,15})\+(\d{1,15}) (\d{1,15}) (\w{1,40}) (\d{1,15})(?: (.*))?")
_NS_PER_US: Final = 1000
_NOTHING: Final = TaskRecord()
MOST_ROWS: Final = 32
"""Of so many waits of one span, shorter ones may have been left out."""


def task_record(tree: Tree) -> TaskRecord:
    """Return what is recorded of a trace's tasks. O(n), and O(n log n) in the recorded waits."""
    if tree.task_record is None:
        tree.task_record = _read(tree) if names.AWAIT_TASK in tree.words else _NOTHING
    return tree.task_record


def task_of_child(tree: Tree, child: int) -> int:
    """Return the number of the task that did the work of a child; 0 if it is not known.

    What another process did, the task of the parent did: it called that process.
    """
    record = task_record(tree)
    if not record.numbers:
        return 0
    parent = tree.parents[child]
    if record.numbers[child] and same_process(tree.spans[child], tree.spans[parent]):
        return record.numbers[child]
    return record.numbers[parent]


def _read(tree: Tree) -> TaskRecord:
    count = len(tree.spans)
    found = TaskRecord([0] * count, [NO_REGION] * count)
    numbers, regions = found.numbers, found.regions
    for index in tree.order:
        span, parent = tree.spans[index], tree.parents[index]
        own = _number(span.attributes.get(names.AWAIT_TASK))
        inside = parent != NO_PARENT and same_process(span, tree.spans[parent])
        if own is not None:
            numbers[index] = own
        elif inside:
            numbers[index] = numbers[parent]
        if not numbers[index]:
            continue
        regions[index] = index
        if inside and regions[parent] != NO_REGION:
            if own is not None:
                found.homes.setdefault((regions[parent], own), parent)
            if span.kind != "server":
                regions[index] = regions[parent]
        found.homes.setdefault((regions[index], numbers[index]), index)
        _read_edges(tree, found, index)
    for edges in found.edges.values():
        edges.sort(key=lambda edge: (edge.end, edge.start, edge.by))
    return found


def _number(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_number and isinstance(value, int) else None


def _read_edges(tree: Tree, found: TaskRecord, index: int) -> None:
    text = tree.spans[index].attributes.get(names.AWAIT_EDGES)
    if not isinstance(text, str):
        return
    start = tree.starts[index]
    lengths: list[int] = []
    for line in text.splitlines()[:MOST_ROWS]:
        if (row := _ROW.fullmatch(line)) is None:
            continue
        low = start + int(row[1]) * _NS_PER_US
        high = low + int(row[2]) * _NS_PER_US
        lengths.append(high - low)
        task, edge = int(row[3]), Edge(low, high, row[4], int(row[5]), row[6] or "")
        found.edges.setdefault((index, task), []).append(edge)
        # A task without spans of its own worked under the span in which it waited.
        found.homes.setdefault((found.regions[index], task), index)
    if len(lengths) == MOST_ROWS:
        found.unrecorded[index] = max(LEAST_NS, min(lengths))
