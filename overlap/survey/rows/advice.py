"""The rows of advice: of one route, and the list to begin with, which is that of all routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from overlap.judge.model import POSSIBLE, PROVEN, SEEN
from overlap.survey.rows.culprits import Waits
from overlap.survey.rows.seen import seen_in
from overlap.survey.rows.units import a_day, seconds
from overlap.survey.totals.model import AdviceSum, Route, Totals

_OFF_LOOP = "off_loop"


def advice_of_all(totals: Totals, waited: Waits, length_ns: int) -> list[dict[str, Any]]:
    """Return the advice of all routes, what gains most first."""
    by_route = ((route, advice(route, waited, length_ns)) for route in totals.routes.values())
    rows = [
        {"service": route.service, "route": route.route, **row}
        for route, found in by_route
        for row in found
    ]
    return sorted(rows, key=lambda row: (*_order(row), row["service"], row["route"]))


def advice(route: Route, waited: Waits, length_ns: int) -> list[dict[str, Any]]:
    """Return the advice of one route, what gains most first."""
    by_line: dict[str, int] = {}
    if any(one.change == _OFF_LOOP for one in route.advice.values()):
        for culprit, waits in waited:
            if (culprit.service, culprit.route) == (route.service, route.route):
                by_line[culprit.line] = by_line.get(culprit.line, 0) + waits.ns
    rows = [_row(route, one, by_line, length_ns) for one in route.advice.values()]
    return sorted(rows, key=_order)


def _order(row: Mapping[str, Any]) -> tuple[float, str, str, str]:
    return -(row["saves_s"] + row["others_s"]), row["change"], row["at"], row["parent"]


def _row(
    route: Route, one: AdviceSum, by_line: Mapping[str, int], length_ns: int
) -> dict[str, Any]:
    others_ns = one.others_ns
    seen = seen_in(route, one) if one.evidence == POSSIBLE else 0
    if one.change == _OFF_LOOP:
        # The victims of a block report it in their own traces; a trace knows only its own.
        others_ns = max(others_ns, by_line.get(one.at, 0))
    return {
        "change": one.change,
        "at": one.at,
        "parent": one.parent,
        "condition": one.condition,
        "evidence": SEEN if seen else one.evidence,
        "seen": seen,
        "diff": one.diff if one.evidence == PROVEN else "",
        "traces": one.savings.count,
        "saves_s": seconds(one.savings.total_ns),
        "saves_p50_ms": one.savings.quantile_ms(0.5),
        "others_s": seconds(others_ns),
        "s_a_day": a_day(one.savings.total_ns + others_ns, length_ns),
        "example": one.savings.example(0.5),
    }
