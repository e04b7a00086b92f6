"""Sentences about work in threads: calls that shared one, waits for one, turns to compute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.interpreter_lock import turns
from overlap.judge.findings.thread_rows import thread_rows
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration, listing
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS, Tree

LEAST_QUEUED_MS: Final = 10.0
"""Shorter waits for a thread are not reported."""


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield turns to compute; then calls that shared a thread, the longest first; other waits."""
    for each in turns(context):
        of = f" of {clean(each.function)}" if each.function else ""
        used = share(each.cpu, each.wall)
        yield Why(
            f"{each.calls} calls{of} in threads computed for {used}, in turns: that is Python's "
            "interpreter lock, or too few processors",
            context.ids([each.span]),
        )
    if names.THREAD_QUEUED_MS not in context.tree.words:
        return
    rows = sorted(thread_rows(context), key=lambda row: (-_length(context.tree, row), row))
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
        more = f", and so did {len(waits) - 1} more" if len(waits) > 1 else ""
        yield Why(f"{_wait(context, worst)}{more}", context.ids(waits))


def _wait(context: TraceContext, index: int) -> str:
    """Say for what a span waited: a free thread only if more threads would have helped."""
    waited = context.number(index, names.THREAD_QUEUED_MS)
    if names.THREAD_CALLS not in context.tree.spans[index].attributes:
        wait = f"{context.called(index)} waited {duration(waited)} for"
        if context.attribute(index, names.THREAD_SENSITIVE) is True:
            why = "thread-sensitive work of a request runs on one thread"
            return f"{wait} the request's thread: {why}"
        return f"{wait} a free thread{_taken(context, index)}"
    # The sum of several waits, which may have passed at the same time.
    most = "up to " if context.number(index, names.THREAD_CALLS) > 1 else ""
    waited = min(waited, context.duration(index) / NS_PER_MS)
    taken = _taken(context, index)
    return f"{context.called(index)} waited {most}{duration(waited)} for a thread{taken}"


def _taken(context: TraceContext, index: int) -> str:
    """Return whose work had the threads: `: all 5 were taken, by 5 x report for GET /`."""
    by = context.attribute(index, names.THREAD_TAKEN_BY)
    most = context.number(index, names.THREAD_POOL_MOST)
    if not isinstance(by, str) or not by or not most:
        return ""
    were = "the only one was" if most == 1 else f"all {most:.0f} were"
    return f": {were} taken, by {clean(by)}"


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
