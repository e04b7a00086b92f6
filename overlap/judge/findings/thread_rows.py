"""Calls that were requested at once and ran one after another on one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from overlap import names
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, plain, process


def requested_at_once(context: TraceContext, work: Sequence[int]) -> bool:
    """Return whether each was requested before the previous one, on the same thread, ended."""
    ordered = sorted(work, key=lambda index: (context.tree.starts[index], index))
    return len(ordered) > 1 and all(_waited_behind(context, a, b) for a, b in pairwise(ordered))


def _waited_behind(context: TraceContext, before: int, index: int) -> bool:
    tree = context.tree
    queued = context.number(index, names.THREAD_QUEUED_MS) * NS_PER_MS
    asked = tree.starts[index] - queued
    return (
        queued > 0
        and _place(tree, before) == _place(tree, index)
        # It waited for at least half of the time that the other one ran.
        and 2 * (tree.ends[before] - asked) >= context.duration(before)
        and tree.starts[index] >= tree.ends[before]
    )


def _place(tree: Tree, index: int) -> tuple[str, str | None, str | None]:
    span = tree.spans[index]
    return span.service, process(span), plain(span.attributes.get(names.THREAD_ID))


def thread_rows(context: TraceContext) -> Iterator[list[int]]:
    """Yield spans of one request on one thread, each requested while the previous one ran."""
    tree = context.tree
    if names.THREAD_QUEUED_MS not in tree.words:
        return
    lanes: dict[object, list[int]] = {}
    for index, span in enumerate(tree.spans):
        if tree.is_work(index) and {names.THREAD_QUEUED_MS, names.THREAD_ID} <= {*span.attributes}:
            lanes.setdefault((context.servers.get(index), _place(tree, index)), []).append(index)
    for lane in lanes.values():
        lane.sort(key=lambda index: (tree.starts[index], index))
        row = lane[:1]
        for before, index in pairwise(lane):
            if _waited_behind(context, before, index):
                row.append(index)
                continue
            if len(row) > 1:
                yield row
            row = [index]
        if len(row) > 1:
            yield row
