"""Sentences about work in threads: calls that shared one thread, and waits for a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration, listing
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, plain, process
from overlap.judge.why.context import TraceContext, share

LEAST_QUEUED_MS = 10.0
"""Shorter waits for a thread are not reported."""


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield calls that shared a thread, the longest first; then other waits for a thread."""
    rows = sorted(_rows(context), key=lambda row: (-_length(context.tree, row), row))
    reported: set[int] = set()
    for row in rows:
        reported.update(row)
        yield Why(_row(context, row), context.ids(row))
    waits = [
        index
        for index in range(len(context.tree.spans))
        if index not in reported
        and context.number(index, names.THREAD_QUEUED_MS) >= LEAST_QUEUED_MS
    ]
    # The span above the calls carries the sum of their waits: reported with the calls themselves.
    known = {context.tree.parents[index] for index in (*reported, *waits)}
    waits = [
        index
        for index in waits
        if index not in known or names.THREAD_CALLS not in context.tree.spans[index].attributes
    ]
    waits.sort(key=lambda index: (-context.number(index, names.THREAD_QUEUED_MS), index))
    if waits:
        worst = waits[0]
        waited = duration(context.number(worst, names.THREAD_QUEUED_MS))
        more = f", and so did {len(waits) - 1} more" if len(waits) > 1 else ""
        yield Why(
            f"{context.called(worst)} waited {waited} for a free thread{more}", context.ids(waits)
        )


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


def _rows(context: TraceContext) -> Iterator[list[int]]:
    """Yield spans of one request on one thread, each requested while the previous one ran."""
    tree = context.tree
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


def _row(context: TraceContext, row: list[int]) -> str:
    tree = context.tree
    queries = all(
        names.DB_SYSTEM in tree.spans[index].attributes
        or names.DB_SYSTEM_NAME in tree.spans[index].attributes
        for index in row
    )
    name = tree.spans[row[0]].attributes.get(names.THREAD_NAME)
    thread = f" ({clean(name)})" if isinstance(name, str) and name else ""
    if queries:
        what, cause = f"{len(row)} queries", "Django's ORM ran them on one thread"
    else:
        what = listing([tree.spans[index].name for index in row])
        cause = "they shared one thread"
        if any(context.attribute(index, names.THREAD_SENSITIVE) is True for index in row):
            cause = "thread-sensitive work of a request runs on one thread"
    took = share(sum(context.duration(index) for index in row), _length(tree, row))
    return f"{what} ran one after another although requested at once: {cause}{thread} ({took})"


def _length(tree: Tree, row: list[int]) -> int:
    return tree.ends[row[-1]] - tree.starts[row[0]]
