"""Calls that were requested at once and ran in a row on one thread could have a thread each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.one_query import is_query
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.thread_rows import thread_rows
from overlap.judge.model import Advice
from overlap.judge.summary import listing
from overlap.judge.tree.span_tree import plain
from overlap.judge.tree.structure import NO_PARENT

THREADS: Final = "threads"


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each row; not for the rows of a pool, which `limit` is about."""
    tree = requests.tree
    rows = [row for row in thread_rows(requests.context) if requests.of(row[0]) is not None]
    threads: dict[tuple[int, str], set[str | None]] = {}
    for row in rows:
        key = (tree.parents[row[0]], tree.spans[row[0]].name)
        threads.setdefault(key, set()).add(
            plain(requests.context.attribute(row[0], names.THREAD_ID))
        )
    for row in rows:
        parent = tree.parents[row[0]]
        if parent == NO_PARENT or len(threads[parent, tree.spans[row[0]].name]) > 1:
            continue
        saves = requests.until_others(row, requests.saved_at_once(row))
        if found := requests.advice(_change(requests, row, parent, saves)):
            yield found


def _change(requests: Requests, row: list[int], parent: int, saves_ns: int) -> Change:
    spans = [requests.tree.spans[index] for index in row]
    called = listing([span.name for span in spans])
    condition = "if they need not share one thread"
    each = "a thread"
    if all(map(is_query, spans)):
        condition = "if they need no common transaction"
        each = "a thread and a connection"
    return Change(
        change=THREADS,
        spans=row,
        parent=parent,
        do=f"run {called} with {each} of its own each (thread_sensitive=False)",
        condition=condition,
        saves_ns=saves_ns,
    )
