"""Calls that were requested at once and ran one after another on one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from overlap import names
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.thread_lanes import lane, waited_behind


def requested_at_once(context: TraceContext, work: Sequence[int]) -> bool:
    """Return whether each was requested before the previous one, on the same thread, ended."""
    ordered = sorted(work, key=lambda index: (context.tree.starts[index], index))
    return len(ordered) > 1 and all(waited_behind(context.tree, a, b) for a, b in pairwise(ordered))


def thread_rows(context: TraceContext) -> Iterator[list[int]]:
    """Yield spans of one request on one thread, each requested while the previous one ran."""
    tree = context.tree
    if names.THREAD_QUEUED_MS not in tree.words:
        return
    lanes: dict[object, list[int]] = {}
    for index, span in enumerate(tree.spans):
        if tree.is_work(index) and {names.THREAD_QUEUED_MS, names.THREAD_ID} <= {*span.attributes}:
            lanes.setdefault((context.servers.get(index), lane(tree, index)), []).append(index)
    for members in lanes.values():
        members.sort(key=lambda index: (tree.starts[index], index))
        row = members[:1]
        for before, index in pairwise(members):
            if waited_behind(tree, before, index):
                row.append(index)
                continue
            if len(row) > 1:
                yield row
            row = [index]
        if len(row) > 1:
            yield row
