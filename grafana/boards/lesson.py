"""A lesson: what it shows and why, its traces, its log lines, and its pair on one axis."""

from __future__ import annotations

from collections.abc import Callable

from grafana_foundation_sdk.builders import bargauge, logs, timeseries
from grafana_foundation_sdk.builders import table as table_sdk
from grafana_foundation_sdk.builders import text as text_sdk
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import colours, explained, look, panels, verdicts
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.promql import RANGE, mean
from grafana.boards.queries import (
    JAEGER,
    LOKI,
    Query,
    Traces,
    at_the_end,
    counted,
    counted_once,
    lines,
)
from grafana.boards.tables import Column, table, trace_column
from overlap import names
from overlap.play.timeline import SERVICE as PLAYER

LESSON, PAIR, ROUTES, WHY = "$lesson", "$pair", "$routes", "${why:raw}"
ROUTE = m.label(names.HTTP_ROUTE)
OF_LESSON = f'{verdicts.ALL} | {verdicts.SCENARIO}="{LESSON}"'
OF_PAIR = f'{verdicts.ALL} | {verdicts.SCENARIO}="{PAIR}" | {verdicts.SCENARIO}!="{LESSON}"'
"""Nothing if a lesson has no pair: then it counts as its own."""
WHO = {
    "A": (LESSON, colours.BLUE),
    "B": (PAIR, colours.PURPLE),
    "C": (f"{LESSON}, neighbours", colours.RED),
    "D": (f"{PAIR}, neighbours", colours.AMBER),
}
"""The lesson and its pair, and the neighbours of each."""


def dashboard() -> Dashboard:
    """Return the dashboard of one lesson, chosen at the top."""
    return board(
        "overlap-lesson",
        "A lesson",
        "One lesson: what it shows and why, its traces, its log lines, and how long it and "
        "its pair take, on one axis.",
        [
            Row("", 7, [(15, _why()), (9, _together())]),
            Row("The lesson and its pair, each time they were played", 8, [(24, _each_time())]),
            Row("Traces and log lines", 12, [(11, _traces()), (13, _lines())]),
            Row("What was seen", 8, [(16, _verdicts()), (8, _served())]),
        ],
        [
            explained.choice(),
            explained.Hidden("why", explained.explanation),
            explained.Hidden("pair", explained.pair),
            explained.Hidden("routes", explained.routes),
        ],
    )


def _why() -> text_sdk.Panel:
    return panels.words(
        "What it shows, and why", "The lesson chosen above, from app/scenarios.", WHY
    )


def _together() -> bargauge.Panel:
    panel = panels.ranking(
        "Answered after, on average",
        "How long the slowest of the lesson's own requests waited for its answer, and the slowest "
        "of its neighbours; on average over the time shown.",
        "ms",
        *_answered("avg", RANGE, counted_once),
        source=LOKI,
    )
    return look.named(panel.decimals(2), WHO)


def _each_time() -> timeseries.Panel:
    panel = panels.points(
        "Answered after",
        "Each point is one play of the lesson or of its pair: how long the slowest of its own "
        "requests waited for its answer, and the slowest of its neighbours.",
        "ms",
        *_answered("max", "$__interval", counted),
        source=LOKI,
    )
    panel.interval("10s").legend(look.legend(calcs=["min", "max"]))
    return look.named(panel, WHO)


def _answered(how: str, window: str, query: Callable[[str, str, str], Query]) -> list[Query]:
    """Return the queries for how long the lesson, its pair and their neighbours took."""
    asked = {
        "A": (OF_LESSON, verdicts.ANSWERED),
        "B": (OF_PAIR, verdicts.ANSWERED),
        "C": (OF_LESSON, verdicts.NEIGHBOURS),
        "D": (OF_PAIR, verdicts.NEIGHBOURS),
    }
    return [
        query(
            f'{how}_over_time({of} | {which}!="" | unwrap {which} [{window}]) '
            f"by ({verdicts.SCENARIO})",
            f"{{{{{verdicts.SCENARIO}}}}}",
            ref,
        )
        for ref, (of, which) in asked.items()
    ]


def _traces() -> table_sdk.Panel:
    return table(
        "Its traces",
        "The newest first. A trace's id leads to it in Jaeger.",
        [
            Column(("startTime", "Start time"), "started", width=165),
            Column(("duration", "Duration"), "took", width=90, unit="µs", decimals=1),
            Column(("traceName", "Trace name"), "what"),
            trace_column(("traceID", "Trace ID")),
        ],
        Traces(PLAYER, operation=names.scenario_span(LESSON)),
        source=JAEGER,
    )


def _lines() -> logs.Panel:
    return panels.log_lines(
        "Its log lines",
        "What every service logged while it served the lesson, the newest first. Open a line to "
        "see its trace_id, which leads to its trace.",
        lines(f'{{service_name=~".+"}} | {verdicts.SCENARIO}="{LESSON}"'),
    )


def _verdicts() -> table_sdk.Panel:
    return verdicts.last_traces(
        "Its verdicts",
        "The verdict of `overlap play`: the shape, whether it is the expected one, and why.",
        OF_LESSON,
        lesson=False,
    )


def _served() -> bargauge.Panel:
    return panels.ranking(
        "As the server measured it",
        "The mean time from the request's arrival to its answer, by route, of the lesson and its "
        "pair. It is less than what the client waited if the event loop was blocked before.",
        "s",
        at_the_end(mean(m.SERVED, (ROUTE,), f'{ROUTE}=~"{ROUTES}"', RANGE), f"{{{{{ROUTE}}}}}"),
    ).decimals(2)
