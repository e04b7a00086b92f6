"""The rows of routes: requests, shapes, where the time goes, the critical path by names."""

from __future__ import annotations

from typing import Any

from overlap.survey.rows.advice import advice
from overlap.survey.rows.culprits import Waits
from overlap.survey.rows.tasks import background, lost
from overlap.survey.rows.units import seconds, share
from overlap.survey.totals.model import CATEGORIES, SEPARATOR, Route, Totals


def routes(totals: Totals, waited: Waits, length_ns: int) -> list[dict[str, Any]]:
    """Return a row for each route, the one with the longest total time first."""
    ordered = sorted(
        totals.routes.values(), key=lambda one: (-one.durations.total_ns, one.service, one.route)
    )
    return [_row(one, waited, length_ns) for one in ordered]


def _row(one: Route, waited: Waits, length_ns: int) -> dict[str, Any]:
    return {
        "service": one.service,
        "route": one.route,
        "requests": one.durations.count,
        "errors": one.errors,
        "total_s": seconds(one.durations.total_ns),
        "p50_ms": one.durations.quantile_ms(0.5),
        "p95_ms": one.durations.quantile_ms(0.95),
        "p99_ms": one.durations.quantile_ms(0.99),
        "example_p50": one.durations.example(0.5),
        "example_p99": one.durations.example(0.99),
        "traces": one.traces,
        "shapes": {
            shape: share(count, one.durations.count)
            for shape, count in sorted(one.shapes.items(), key=lambda item: (-item[1], item[0]))
        },
        "time": time(one),
        "self_time": self_time(one),
        "advice": advice(one, waited, length_ns),
        "background": background([one]),
        "lost": lost([one]),
        "queries": queries(one),
    }


def time(one: Route) -> dict[str, float]:
    """Return the share of each category in the critical paths; all add up to 1."""
    whole = sum(one.time.values())
    return {category: share(one.time.get(category, 0), whole) for category in CATEGORIES}


def self_time(one: Route) -> list[dict[str, Any]]:
    """Return the critical path's rows by path of names, the longest time first."""
    whole = sum(each.total_ns for each in one.self_time.values())
    ordered = sorted(one.self_time.items(), key=lambda item: (-item[1].total_ns, item[0]))
    return [
        {
            "path": path.split(SEPARATOR),
            "s": seconds(own.total_ns),
            "share": share(own.total_ns, whole),
            "traces": own.count,
            "p50_ms": own.quantile_ms(0.5),
            "p99_ms": own.quantile_ms(0.99),
            "example_p50": own.example(0.5),
            "example_p99": own.example(0.99),
        }
        for path, own in ordered
    ]


def queries(one: Route) -> list[dict[str, Any]]:
    """Return the statements that requests repeat, the longest time first."""
    ordered = sorted(one.queries.items(), key=lambda item: (-item[1].ns, item[0]))
    return [
        {
            "query": text,
            "requests": row.requests,
            "per_request": share(row.queries, row.requests),
            "most": row.most,
            "s": seconds(row.ns),
            "example": row.example,
        }
        for text, row in ordered
    ]
