"""Queries that one request repeats: the same statement, with other values."""

from __future__ import annotations

from overlap import names
from overlap.judge.advice.one_query import statement
from overlap.survey.summing.requests import Requests
from overlap.survey.totals.merging import add_repeated
from overlap.survey.totals.model import Repeated

LEAST = 2
LONGEST = 300
"""Characters of a statement that are kept."""


def add_queries(requests: Requests) -> None:
    """Add each statement that a request sent more than once."""
    tree = requests.tree
    if {names.DB_SYSTEM, names.DB_SYSTEM_NAME}.isdisjoint(tree.words):
        return
    found: dict[tuple[int, str], list[int]] = {}
    for index, span in enumerate(tree.spans):
        if (text := statement(span)) is not None:
            found.setdefault((requests.request_of(index), text[:LONGEST]), []).append(index)
    for (request, text), queries in found.items():
        if len(queries) < LEAST:
            continue
        ns = sum(tree.ends[index] - tree.starts[index] for index in queries)
        row = requests.above(request).queries.setdefault(text, Repeated())
        add_repeated(row, Repeated(1, len(queries), len(queries), tree.trace_id, ns))
