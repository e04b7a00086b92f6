"""Merge surveys: the survey of two sets of traces is the sum of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from overlap.judge.model import POSSIBLE
from overlap.survey.totals.bounds import (
    MOST_CULPRITS,
    MOST_NAMES,
    MOST_ROUTES,
    OTHERS,
    trim,
    trim_counts,
)
from overlap.survey.totals.durations import Durations
from overlap.survey.totals.model import AdviceSum, Culprit, Repeated, Route, Totals, Waited

T = TypeVar("T")
Counts = dict[str, int]
SLACK = 2
"""Rows are trimmed when there are so many times as many as are allowed, and at the end."""


def add(into: Totals, other: Totals) -> None:
    """Add `other` to `into`."""
    into.traces += other.traces
    into.spans += other.spans
    into.unended += other.unended
    into.left_out += other.left_out
    into.start_ns = lowest(into.start_ns, other.start_ns)
    into.end_ns = highest(into.end_ns, other.end_ns)
    _each(into.routes, other.routes, _empty_route, add_route)
    _each(into.culprits, other.culprits, _empty_culprit, _add_culprit)
    into.blocks.update(other.blocks)
    _each(into.waited, other.waited, lambda _: Waited(), _add_waited)
    _count(into.warnings, other.warnings)
    bound(into, SLACK)


def bound(totals: Totals, slack: int = 1) -> None:
    """Trim what has more rows than are allowed, times `slack`."""
    for route in totals.routes.values():
        bound_route(route, slack)
    if len(totals.routes) > slack * MOST_ROUTES:
        trim(totals.routes, MOST_ROUTES, lambda _: Route("", OTHERS), add_route)
        bound_route(totals.routes[OTHERS], slack)
    if len(totals.culprits) > slack * MOST_CULPRITS:
        trim(totals.culprits, MOST_CULPRITS, lambda _: Culprit("", "", OTHERS, ""), _add_culprit)
        kept = totals.culprits
        totals.blocks = {
            block: key if key in kept else OTHERS for block, key in totals.blocks.items()
        }
    if len(totals.warnings) > slack * MOST_NAMES:
        trim_counts(totals.warnings, MOST_NAMES)


def bound_route(route: Route, slack: int = 1) -> None:
    """The same for the rows of one route."""
    most, limit = MOST_NAMES, slack * MOST_NAMES
    if len(route.self_time) > limit:
        trim(route.self_time, most, lambda _: Durations(), Durations.update)
    if len(route.advice) > limit:
        trim(route.advice, most, lambda _: AdviceSum(OTHERS, "", "", ""), _add_advice)
    if len(route.background) > limit:
        trim(route.background, most, lambda _: {}, _count)
    if len(route.queries) > limit:
        trim(route.queries, most, lambda _: Repeated(), add_repeated)
    for counts in (route.lost, route.orders, route.at_once):
        if len(counts) > limit:
            trim_counts(counts, most)
    if len(route.failed) > limit:
        trim(route.failed, most, lambda _: [], lambda *_: None)  # of the others, nothing is common


def _each(
    into: dict[str, T],
    other: dict[str, T],
    empty: Callable[[T], T],
    update: Callable[[T, T], None],
) -> None:
    for key, value in other.items():
        if (mine := into.get(key)) is None:
            mine = into[key] = empty(value)
        update(mine, value)


def _empty_route(one: Route) -> Route:
    return Route(one.service, one.route)


def add_route(into: Route, other: Route) -> None:
    """Add a route's sums to another's."""
    into.durations.update(other.durations)
    into.errors += other.errors
    into.traces += other.traces
    _count(into.shapes, other.shapes)
    _count(into.time, other.time)
    _each(into.self_time, other.self_time, lambda _: Durations(), Durations.update)
    _each(into.advice, other.advice, _same_advice, _add_advice)
    _each(into.background, other.background, lambda _: {}, _count)
    _count(into.lost, other.lost)
    _each(into.queries, other.queries, lambda _: Repeated(), add_repeated)
    _count(into.orders, other.orders)
    _count(into.at_once, other.at_once)
    for key, called in other.failed.items():
        keep_common(into.failed, key, called)


def _same_advice(one: AdviceSum) -> AdviceSum:
    return AdviceSum(one.change, one.at, one.parent, one.condition)


def _add_advice(into: AdviceSum, other: AdviceSum) -> None:
    into.savings.update(other.savings)
    into.others_ns += other.others_ns
    into.condition = _first(into.condition, other.condition)
    into.evidence = weakest(into.evidence, other.evidence)
    into.diff = _first(into.diff, other.diff)
    _count(into.calls, other.calls)
    if len(into.calls) > SLACK * MOST_NAMES:
        trim_counts(into.calls, MOST_NAMES)


def _empty_culprit(one: Culprit) -> Culprit:
    return Culprit(one.service, one.route, one.line, one.kind)


def _add_culprit(into: Culprit, other: Culprit) -> None:
    into.blocks += other.blocks
    into.ns += other.ns
    into.example = _first(into.example, other.example)


def add_repeated(into: Repeated, other: Repeated) -> None:
    """Add a repeated query's sums to another's."""
    if other.most > into.most:
        into.most, into.example = other.most, other.example
    elif other.most == into.most:
        into.example = _first(into.example, other.example)
    into.requests += other.requests
    into.queries += other.queries
    into.ns += other.ns


def _first(one: str, other: str) -> str:
    return min(one or other, other or one)


def _add_waited(into: Waited, other: Waited) -> None:
    into.requests += other.requests
    into.ns += other.ns


def weakest(one: str, other: str) -> str:
    """Return the grade that holds for all traces of two sets; either may have none."""
    if not one or not other:
        return one or other
    return one if one == other else POSSIBLE


def count_in(counts: Counts, key: str) -> None:
    """Count one more."""
    counts[key] = counts.get(key, 0) + 1


def keep_common(rows: dict[str, list[str]], key: str, names: list[str]) -> None:
    """Keep the names of a row that are in `names` too; all of them if the row is new."""
    known = rows.get(key)
    rows[key] = names if known is None else [name for name in known if name in names]


def _count(into: Counts, other: Counts) -> None:
    for key, count in other.items():
        into[key] = into.get(key, 0) + count


def lowest(one: int | None, other: int | None) -> int | None:
    """Return the lesser of two times, of which either may be unknown."""
    return _bound(min, one, other)


def highest(one: int | None, other: int | None) -> int | None:
    """Return the greater of two times, of which either may be unknown."""
    return _bound(max, one, other)


def _bound(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
