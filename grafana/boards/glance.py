"""Async at a glance: routes, the event loop, background work, and the newest verdicts."""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge, stat, timeseries
from grafana_foundation_sdk.builders import table as table_sdk
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import colours, look, panels, routes, servicegraph, verdicts
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.links import panel_link
from grafana.boards.promql import (
    RANGE,
    at_least_zero,
    grown,
    latest,
    or_nothing,
    quantile,
)
from grafana.boards.queries import LOKI, at_the_end, counted_once, over_time
from overlap import names

SERVICE = m.label(names.SERVICE_NAME)
END = m.label(names.TASK_END)


def dashboard() -> Dashboard:
    """Return the dashboard to open first."""
    return board(
        "overlap-glance",
        "Async at a glance",
        "Does async code run at once? Rates, errors and durations by route, the event loop, "
        "background tasks by their end, and the shapes of the newest traces.",
        [
            Row("", 4, [(4, panel) for panel in _figures()]),
            Row("Requests, by route", 9, [(12, routes.rate()), (12, routes.durations())]),
            Row("", 8, [(12, routes.errors()), (12, routes.slowest())]),
            Row("The event loop", 8, [(8, _lag()), (8, _blocked()), (8, _in_flight())]),
            Row("Beside the loop", 8, [(12, _background()), (12, _threads())]),
            Row("The newest traces, by shape", 11, [(24, _last_traces())]),
            Row("", 12, [(10, _shapes()), (14, servicegraph.panel())]),
        ],
    )


def _figures() -> list[stat.Panel]:
    errors, requests = (
        grown(f"{m.SERVED}_count", where=where, window=RANGE) for where in (routes.FAILED, "")
    )
    return [
        panels.number(
            "Requests",
            "How many requests were answered in the time shown.",
            "locale",
            at_the_end(or_nothing(requests)),
        ).decimals(0),
        look.alarming(
            panels.number(
                "Failed",
                "The share of requests that were answered 5xx.",
                "percentunit",
                at_the_end(f"({or_nothing(errors)}) / ({or_nothing(requests)} > 0) or vector(0)"),
            ).decimals(1),
            0.05,
        ),
        panels.number(
            "In flight",
            "Requests under way at this moment.",
            "short",
            at_the_end(or_nothing(latest(m.IN_FLIGHT))),
        ).decimals(0),
        look.alarming(
            panels.number(
                "The loop was blocked",
                "For how long, in the time shown, some event loop ran one callback and nothing "
                "else. Meanwhile every request of that process waits.",
                "s",
                at_the_end(or_nothing(grown(m.BLOCKED, window=RANGE))),
            ).decimals(1),
            0.5,
        ),
        look.alarming(
            panels.number(
                "Background tasks lost",
                "Started, and never ended: their process ended first.",
                "short",
                at_the_end(or_nothing(grown(m.ENDED, where=f'{END}="lost"', window=RANGE))),
            ).decimals(0),
            1,
        ),
        look.alarming(
            panels.number(
                "Unexpected lessons",
                "Of all that were played in the time shown. It should be 0.",
                "short",
                counted_once(
                    f'sum(count_over_time({verdicts.ALL} | {verdicts.OK}="false" [{RANGE}])) '
                    "or vector(0)"
                ),
                source=LOKI,
            ).decimals(0),
            1,
        ),
    ]


def _lag() -> timeseries.Panel:
    panel = panels.lines(
        "Loop lag",
        "How late the event loop runs what is due, the worst in each bin, by service: the upper "
        "bound of its bucket. An idle loop stays below 10 ms.",
        "s",
        over_time(quantile(1, m.LAG, (SERVICE,)), f"{{{{{SERVICE}}}}}", exemplars=True),
    )
    return look.by_service(look.logarithmic(panel.interval("15s")))


def _blocked() -> timeseries.Panel:
    panel = panels.bars(
        "The loop was blocked",
        "Seconds in each bin in which one callback blocked the loop, by function. "
        "`The event loop` has it by line.",
        "s",
        over_time(
            or_nothing(
                f"{grown(m.BLOCKED, ('code_function_name',))} > 0",
                code_function_name="not blocked",
            ),
            "{{code_function_name}}",
        ),
    ).links([panel_link("By line and worker", "/d/overlap-loop?${__url_time_range}")])
    return look.coloured(panel, {"not blocked": colours.GREY})


def _in_flight() -> timeseries.Panel:
    panel = panels.lines(
        "Requests in flight",
        "Under way at the same time, by service.",
        "short",
        over_time(latest(m.IN_FLIGHT, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    )
    return look.by_service(panel.decimals(0))


def _background() -> timeseries.Panel:
    ended = at_least_zero(grown(m.ENDED, (END,)), END, names.TASK_ENDS)
    running = over_time(or_nothing(latest(m.RUNNING)), "running", "B")
    return look.coloured(
        panels.bars(
            "Background tasks, by their end",
            "Work that outlives its response: done, failed, cancelled at shutdown, or lost with "
            "its process. The line shows how many are running.",
            "short",
            over_time(ended, f"{{{{{END}}}}}", "A"),
            running,
        )
        .decimals(0)
        .override_by_name("running", look.as_line()),
        {**colours.ENDS, "running": colours.BLUE},
    )


def _threads() -> timeseries.Panel:
    panel = panels.lines(
        "Threads",
        "Of each service, all its processes together. An async view that needs no thread takes "
        "none.",
        "short",
        over_time(latest(m.THREADS, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    )
    return look.by_service(panel.decimals(0))


def _last_traces() -> table_sdk.Panel:
    return verdicts.last_traces(
        "Lessons, as they were played",
        "The verdicts of `overlap play`: the shape of each trace, whether it is the expected one, "
        "and why. Other requests are judged by `overlap verdict TRACE_ID`.",
        verdicts.ALL,
        lesson=True,
    )


def _shapes() -> bargauge.Panel:
    queries = {chr(ord("A") + number): shape for number, shape in enumerate(colours.SHAPES)}
    panel = panels.ranking(
        "Traces of each shape",
        "How many of the lessons played in the time shown have it; a trace may have several.",
        "short",
        *(
            counted_once(
                f'sum(count_over_time({verdicts.ALL} | {verdicts.SHAPES}=~".*{shape}.*" '
                f"[{RANGE}])) or vector(0)",
                shape,
                ref,
            )
            for ref, shape in queries.items()
        ),
        source=LOKI,
    )
    return look.named(
        panel.decimals(0), {ref: (shape, colours.SHAPES[shape]) for ref, shape in queries.items()}
    )
