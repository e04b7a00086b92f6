"""Check that the sums of a saved report can be those of traces, before anything divides by them.

A report is written by `overlap survey --json`, but it is a file that anybody may change. Types and
ranges are checked as it is read; here follows what holds between the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from overlap.survey.totals.durations import Durations
from overlap.survey.totals.model import Repeated, Route, Totals

LEAST_REPEATED = 2
"""A query that a request sends once is not repeated."""


def contradiction(totals: Totals) -> str:
    """Return a sentence on numbers that can't be those of any traces; empty if all can be."""
    return next(_contradictions(totals), "")


def _contradictions(totals: Totals) -> Iterator[str]:
    start, end = totals.start_ns, totals.end_ns
    if (start is None) != (end is None):
        yield "it has a start or an end, not both"
    elif start is not None and end is not None and end < start:
        yield "it ends before it starts"
    if totals.unended > totals.traces:
        yield f"{totals.unended} of {totals.traces} traces have no end"
    for route in totals.routes.values():
        for found in _of_route(route):
            yield f"in {route.route!a}, {found}"
    for culprit in totals.culprits.values():
        if not culprit.blocks:
            yield f"{culprit.line!a} blocked the event loop 0 times"
    for block, waited in totals.waited.items():
        if not waited.requests:
            yield f"0 requests waited for block {block!a}"


def _of_route(route: Route) -> Iterator[str]:
    requests = route.durations.count
    if route.errors > requests:
        yield f"{route.errors} of {requests} requests failed"
    for shape, count in route.shapes.items():
        if count > requests:
            yield f"{count} of {requests} requests are {shape!a}"
    all_durations = [
        ("the requests", route.durations),
        *(("the rows of the critical path", one) for one in route.self_time.values()),
        *(("the savings", one.savings) for one in route.advice.values()),
    ]
    for which, durations in all_durations:
        if not _agree(durations):
            yield f"the durations of {which} have another sum than {durations.total_ns} ns"
    for text, row in route.queries.items():
        if not _is_repeated(row):
            yield (
                f"{row.queries} queries of {row.requests} requests, {row.most} at most, "
                f"do not agree: {text!a}"
            )


def _agree(durations: Durations) -> bool:
    """Return whether the sum of durations lies between those of their buckets' edges."""
    low, high = durations.sums_ns()
    return low <= durations.total_ns <= high


def _is_repeated(row: Repeated) -> bool:
    return (
        row.requests >= 1
        and row.requests * LEAST_REPEATED <= row.queries <= row.requests * row.most
        and row.most <= row.queries
    )
