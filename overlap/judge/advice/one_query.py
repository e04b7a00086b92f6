"""Several queries of one statement, one for each row (N+1), could be one query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.thread_rows import requested_at_once
from overlap.judge.findings.uncovered import gaps, uncovered
from overlap.judge.findings.waits import IN_THREAD, waits_within
from overlap.judge.median import median_low
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.trace.model import Span

ONE_QUERY: Final = "one_query"
LEAST_QUERIES: Final = 3
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_STATEMENTS = (names.DB_QUERY, "db.statement")
SYSTEMS = (names.DB_SYSTEM_NAME, names.DB_SYSTEM)


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each statement that siblings repeat."""
    if requests.tree.words.isdisjoint(SYSTEMS):
        return
    for parent in requests.parents():
        for members in repeated_queries(requests, awaited(requests.tree, parent)):
            if requested_at_once(requests.context, members):
                continue  # no loop over rows: `threads` is about these
            one = median_low([requests.context.duration(index) for index in members])
            name = clean(requests.tree.spans[members[0]].name)
            found = requests.advice(
                Change(
                    change=ONE_QUERY,
                    spans=members,
                    parent=parent,
                    do=f"replace {len(members)} x {name} by one query "
                    "(select_related, prefetch_related or `in`; fetch_mode(FETCH_PEERS) from "
                    "Django 6.1)",
                    condition="if one query can return all of these rows",
                    saves_ns=max(0, sum(map(requests.on_path, members)) - one)
                    + _between(requests, parent, members),
                )
            )
            if found:
                yield found


def _between(requests: Requests, parent: int, members: Sequence[int]) -> int:
    """Return how long an async loop took between its queries for their way to a thread, in ns.

    Queries that Django's async ORM runs in a thread wait for it and for their result there. Of
    the time between them without another span, what the lens saw run on the loop or await
    something else may be the user's own and stays.
    """
    tree, context = requests.tree, requests.context
    attributes = tree.spans[parent].attributes
    is_hop = [names.THREAD_QUEUED_MS in tree.spans[index].attributes for index in members]
    if not all(is_hop) or names.LOOP_RUNNING_MS not in attributes or not requests.on_path(parent):
        return 0
    ordered = sorted(members, key=lambda index: tree.starts[index])
    low, high = tree.starts[ordered[0]], tree.ends[ordered[-1]]
    free = [
        (max(low, start), min(high, end))
        for start, end in gaps(tree, parent)
        if start < high and end > low
    ]
    between = sum(end - start for start, end in free)
    share = between / max(1, uncovered(tree, parent))
    ran = context.number(parent, names.LOOP_RUNNING_MS) * NS_PER_MS * min(1.0, share)
    other = sum(wait.ns for wait in waits_within(tree, parent, free) if wait.kind != IN_THREAD)
    return max(0, between - round(ran) - other)


def repeated_queries(requests: Requests, siblings: Sequence[int]) -> list[list[int]]:
    """Return the siblings that are queries of one statement, three or more of each."""
    if requests.tree.words.isdisjoint(SYSTEMS):
        return []
    found: dict[tuple[str, str], list[int]] = {}
    for index in siblings:
        span = requests.tree.spans[index]
        if (text := statement(span)) is not None:
            found.setdefault((span.service, text), []).append(index)
    return [members for members in found.values() if len(members) >= LEAST_QUERIES]


def is_query(span: Span) -> bool:
    """Return whether a span is a query of a database."""
    return any(key in span.attributes for key in SYSTEMS)


def statement(span: Span) -> str | None:
    """Return the query's text without literals; of a query without text its name."""
    if not is_query(span):
        return None
    text = next((span.attributes[key] for key in _STATEMENTS if key in span.attributes), None)
    return _LITERAL.sub("?", text) if isinstance(text, str) and text else span.name
