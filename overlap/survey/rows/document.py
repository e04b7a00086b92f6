"""The JSON of a survey: a documented, versioned contract, which can be read again and merged."""

from __future__ import annotations

from typing import Any

import msgspec

from overlap.errors import OverlapError
from overlap.survey.totals.model import SEPARATOR, AdviceSum, Route, Totals, Waited

VERSION = 1
"""Raised when a key changes its meaning; keys may be added."""
NS_PER_S = 1_000_000_000


def as_dict(survey: Totals) -> dict[str, Any]:
    """Return the report, and under `state` what is needed to merge it with others."""
    return {
        "overlap_survey": VERSION,
        "traces": survey.traces,
        "spans": survey.spans,
        "seconds": ((survey.end_ns or 0) - (survey.start_ns or 0)) / NS_PER_S,
        "begin_with": _begin_with(survey),
        "routes": [_route(each) for each in _by_time(survey)],
        "culprits": culprits(survey),
        "background": [
            {"task": name, "ends": dict(sorted(ends.items()))}
            for name, ends in sorted(survey.background.items())
        ],
        "lost": dict(sorted(survey.lost.items())),
        "warnings": dict(sorted(survey.warnings.items())),
        "state": msgspec.to_builtins(survey, str_keys=True),
    }


def from_dict(document: Any, *, source: str = "input") -> Totals:
    """Return the survey of a document that `as_dict` made. Raise OverlapError if it is none."""
    version = document.get("overlap_survey") if isinstance(document, dict) else None
    if version != VERSION:
        raise OverlapError(f"{source} is no report of a survey in version {VERSION}")
    try:
        return msgspec.convert(document.get("state"), Totals, strict=False)
    except msgspec.ValidationError as error:
        raise OverlapError(f"{source} is a damaged report of a survey: {error}") from None


def culprits(survey: Totals) -> list[dict[str, Any]]:
    """Return a row for each line that blocked the loop; first where others waited longest."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for key, block in survey.blocks.items():
        row = rows.setdefault(
            (block.service, block.culprit, block.kind),
            {"blocks": 0, "held_ns": 0, "victims": 0, "waited_ns": 0, "routes": set()},
        )
        waited = survey.waited.get(key, Waited())
        row["blocks"] += 1
        row["held_ns"] += block.ns
        row["victims"] += waited.requests
        row["waited_ns"] += waited.ns
        row["routes"].add(block.route)
    ordered = sorted(rows.items(), key=lambda item: (-item[1]["waited_ns"], item[0]))
    return [
        {
            "service": service,
            "culprit": culprit,
            "kind": kind,
            "routes": sorted(row["routes"]),
            "blocks": row["blocks"],
            "held_s": row["held_ns"] / NS_PER_S,
            "victims": row["victims"],
            "others_waited_s": row["waited_ns"] / NS_PER_S,
        }
        for (service, culprit, kind), row in ordered
    ]


def _by_time(survey: Totals) -> list[Route]:
    return sorted(
        survey.routes.values(), key=lambda one: (-one.durations.total_ns, one.service, one.route)
    )


def _route(one: Route) -> dict[str, Any]:
    path_ns = sum(each.total_ns for each in one.self_time.values())
    paths = sorted(one.self_time.items(), key=lambda item: (-item[1].total_ns, item[0]))
    return {
        "service": one.service,
        "route": one.route,
        "requests": one.durations.count,
        "errors": one.errors,
        "p50_ms": one.durations.quantile_ms(0.5),
        "p95_ms": one.durations.quantile_ms(0.95),
        "p99_ms": one.durations.quantile_ms(0.99),
        "example_p50": one.durations.example(0.5),
        "example_p99": one.durations.example(0.99),
        "traces": one.traces,
        "shapes": {
            shape: count / one.traces
            for shape, count in sorted(one.shapes.items(), key=lambda item: (-item[1], item[0]))
        },
        "self_time": [
            {
                "path": path.split(SEPARATOR),
                "s": own.total_ns / NS_PER_S,
                "share": own.total_ns / path_ns if path_ns else 0.0,
                "traces": own.count,
                "p50_ms": own.quantile_ms(0.5),
                "example_p50": own.example(0.5),
                "example_p99": own.example(0.99),
            }
            for path, own in paths
        ],
        "advice": [_advice(each) for each in _by_gain(one.advice.values())],
    }


def _begin_with(survey: Totals) -> list[dict[str, Any]]:
    """Return the advice of all routes, what gains most first."""
    found = [(each, route) for route in survey.routes.values() for each in route.advice.values()]
    found.sort(key=lambda pair: (*_gain_key(pair[0]), pair[1].service, pair[1].route))
    return [
        {"service": route.service, "route": route.route, **_advice(each)} for each, route in found
    ]


def _by_gain(found: Any) -> list[AdviceSum]:
    return sorted(found, key=_gain_key)


def _gain_key(one: AdviceSum) -> tuple[int, str, str, str]:
    return (-(one.savings.total_ns + one.others_ns), one.change, one.at, one.parent)


def _advice(one: AdviceSum) -> dict[str, Any]:
    return {
        "change": one.change,
        "at": one.at,
        "parent": one.parent,
        "condition": one.condition,
        "traces": one.savings.count,
        "saves_s": one.savings.total_ns / NS_PER_S,
        "saves_p50_ms": one.savings.quantile_ms(0.5),
        "others_s": one.others_ns / NS_PER_S,
        "example": one.savings.example(0.5),
    }
