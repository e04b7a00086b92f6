"""Answers about many traces: the routes of a survey, and the list of the newest traces."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from overlap.backend import Backend
from overlap.judge.summary import sentence
from overlap.mcp.backend_traces import judge, recent
from overlap.mcp.bounds import bounded, code_line
from overlap.mcp.one_trace import heading
from overlap.mcp.paging import page
from overlap.survey.sources.query import Query
from overlap.survey.sources.surveying import survey_sources

NS_PER_MINUTE: Final = 60_000_000_000
MOST_LISTED: Final = 50
_FIRST: Final = 3
_ROUTE = ("service", "route", "requests", "errors", "p50_ms", "p95_ms", "p99_ms", "shapes", "time")
_ADVICE = ("change", "at", "condition", "traces", "saves_s", "saves_p50_ms", "others_s", "example")


async def routes(  # noqa: PLR0913, PLR0917  what the tool is asked, and the source
    url: str, minutes: float, service: str, route: str, offset: int, source: Path | None = None
) -> dict[str, Any]:
    """Return the survey of the last minutes: where time goes, route by route, and what to change.

    The same survey as `overlap survey URL`. Raise OverlapError if the backend does not answer.
    source: the folder of the app's code, which proves advice.
    """
    start = time.time_ns() - round(minutes * NS_PER_MINUTE)
    query = Query(start_ns=start, service=service or None, source=source)
    found = await asyncio.to_thread(partial(survey_sources, (url,), query, _say_nothing, 1))
    document = found.report.only(service or None, route or None).as_dict()
    answer = {
        "traces": document["traces"],
        "spans": document["spans"],
        "not_read": found.unread,
        "begin_with": [_advice(each) for each in document["begin_with"][:_FIRST]],
        "blocked_by": [
            {**each, **code_line(each["culprit"])} for each in document["culprits"][:_FIRST]
        ],
        "lost": document["lost"],
    }
    return {**bounded(answer), **page([_route(each) for each in document["routes"]], offset)}


async def traces(
    backend: Backend, minutes: float, service: str, route: str, offset: int
) -> dict[str, Any]:
    """Return the newest traces: id, request, duration, and the verdict in a sentence."""
    start = time.time_ns() - round(minutes * NS_PER_MINUTE)
    found = await recent(backend, start, MOST_LISTED, service, route)
    rows = await asyncio.to_thread(lambda: [_listed(judge(each)) for each in found[:MOST_LISTED]])
    return page(rows, offset)


def _say_nothing(_progress: str) -> None:
    """Take the progress of a survey."""


def _listed(one: Any) -> dict[str, Any]:
    return {**heading(one), "sentence": sentence(one.verdict)}


def _route(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: row[key] for key in _ROUTE if key in row},
        "self_time": [
            {key: each[key] for key in ("path", "share", "p50_ms", "example_p50")}
            for each in row["self_time"][:_FIRST]
        ],
        "advice": [_advice(each) for each in row["advice"][:_FIRST]],
        "repeated_queries": [
            {key: each[key] for key in ("query", "per_request", "example")}
            for each in row["queries"][:_FIRST]
        ],
        "lost": row["lost"],
    }


def _advice(row: dict[str, Any]) -> dict[str, Any]:
    named = {key: row[key] for key in ("service", "route") if key in row}
    graded = {key: row[key] for key in ("evidence", "diff") if row.get(key)}
    return named | {key: row[key] for key in _ADVICE} | graded | code_line(row["at"])
