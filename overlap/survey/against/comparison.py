"""Compare two surveys route by route, as plain rows: the JSON contract."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from overlap.judge.model import SHAPES
from overlap.survey.against import noise
from overlap.survey.report import Report
from overlap.survey.rows.units import share
from overlap.survey.totals.model import Culprit, Route, Totals

VERSION = 1
"""Raised when a key changes its meaning; keys may be added."""
QUANTILES = (("p50", 0.5), ("p95", 0.95))
SLOWER, FASTER, MORE, LESS, NONE = "slower", "faster", "more", "less", "none"


def compare(one: Report, other: Report) -> dict[str, Any]:
    """Return what changed from one report to another.

    The one that began first is before; of two that began together, the first.
    """
    first, second = one.totals, other.totals
    is_swapped = (second.start_ns or 0) < (first.start_ns or 0)
    before, after = (second, first) if is_swapped else (first, second)
    keys = [key for key in after.routes if key in before.routes]
    routes = [_route(before.routes[key], after.routes[key]) for key in keys]
    routes.sort(key=lambda row: (-_weight(row), row["service"], row["route"]))
    return {
        "overlap_survey_comparison": VERSION,
        "is_swapped": is_swapped,
        "traces": [before.traces, after.traces],
        "routes": routes,
        "culprits": _culprits(before, after),
        "lost": _lost(before, after),
        "only_before": _names(before, after),
        "only_after": _names(after, before),
    }


def _weight(row: dict[str, Any]) -> float:
    """Return how much a route changed: the largest change beyond noise."""
    return max(
        (abs(math.log(q["ratio"])) for q in row["durations"] if q["change"] != NONE and q["ratio"]),
        default=0.0,
    )


def _route(before: Route, after: Route) -> dict[str, Any]:
    return {
        "service": after.service,
        "route": after.route,
        "requests": [before.durations.count, after.durations.count],
        "durations": [_quantile(name, at, before, after) for name, at in QUANTILES],
        "shapes": [*_shapes(before, after)],
        "errors": _counts(
            before.errors, before.durations.count, after.errors, after.durations.count
        ),
    }


def _quantile(name: str, at: float, before: Route, after: Route) -> dict[str, Any]:
    first, second = before.durations.quantile_ms(at), after.durations.quantile_ms(at)
    low, high = noise.bounds(before.durations, at), noise.bounds(after.durations, at)
    change = NONE
    if high.low > low.high:
        change = SLOWER
    elif high.high < low.low:
        change = FASTER
    ratio = second / first if first else 0.0
    return {"quantile": name, "ms": [first, second], "ratio": ratio, "change": change}


def _shapes(before: Route, after: Route) -> Iterator[dict[str, Any]]:
    for shape in SHAPES:
        first, second = before.shapes.get(shape, 0), after.shapes.get(shape, 0)
        if first or second:
            yield {
                "shape": shape,
                **_counts(first, before.durations.count, second, after.durations.count),
            }


def _counts(before: int, of_before: int, after: int, of_after: int) -> dict[str, Any]:
    change = NONE
    if noise.more(before, of_before, after, of_after):
        change = MORE
    elif noise.more(after, of_after, before, of_before):
        change = LESS
    return {"shares": [share(before, of_before), share(after, of_after)], "change": change}


def _requests(totals: Totals) -> dict[tuple[str, str], int]:
    """Return how many requests each route had."""
    return {(one.service, one.route): one.durations.count for one in totals.routes.values()}


def _culprits(before: Totals, after: Totals) -> list[dict[str, Any]]:
    """Return the lines that blocked the loop, those that are new or block more often first."""
    rows: list[dict[str, Any]] = []
    exposed = _requests(before), _requests(after)
    for key in sorted({*before.culprits, *after.culprits}):
        first, second = before.culprits.get(key), after.culprits.get(key)
        one = second or first
        assert one is not None  # noqa: S101  the key is of one of them
        where = one.service, one.route
        blocks = _blocks(first), _blocks(second)
        rows.append(
            {
                "service": one.service,
                "route": one.route,
                "culprit": one.line,
                "kind": one.kind,
                "blocks": [*blocks],
                "example": one.example,
                # A route that is new had as many requests before as it has now: without a block.
                "change": _events(blocks, exposed[0].get(where, 0), exposed[1].get(where, 0)),
            }
        )
    rows.sort(key=lambda row: (row["change"] != MORE, row["change"] == NONE, -row["blocks"][1]))
    return rows


def _blocks(one: Culprit | None) -> int:
    return one.blocks if one else 0


def _events(events: tuple[int, int], before: int, after: int) -> str:
    change: str = _counts(events[0], before or after, events[1], after or before)["change"]
    return change


def _lost(before: Totals, after: Totals) -> list[dict[str, Any]]:
    """Return the lost tasks of each route."""
    rows = []
    for key in sorted({*before.routes, *after.routes}):
        first = before.routes.get(key)
        second = after.routes.get(key)
        counts = [sum(one.lost.values()) if one else 0 for one in (first, second)]
        if any(counts):
            one = second or first
            assert one is not None  # noqa: S101  the key is of one of them
            exposed = [each.durations.count if each else 0 for each in (first, second)]
            rows.append(
                {
                    "service": one.service,
                    "route": one.route,
                    "tasks": counts,
                    "change": _events((counts[0], counts[1]), *exposed),
                }
            )
    return rows


def _names(here: Totals, not_here: Totals) -> list[dict[str, Any]]:
    return [
        {"service": one.service, "route": one.route, "requests": one.durations.count}
        for key, one in sorted(here.routes.items())
        if key not in not_here.routes
    ]
