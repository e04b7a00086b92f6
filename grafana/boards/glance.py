"""Async at a glance: every route, the event loop, background work, and the newest verdicts."""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, timeseries
from grafana_foundation_sdk.builders import table as table_sdk
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import colours, panels, servicegraph, verdicts
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.links import panel_link
from grafana.boards.promql import (
    RANGE,
    at_least_zero,
    grown,
    latest,
    or_nothing,
    per_second,
    quantile,
)
from grafana.boards.queries import LOKI, at_the_end, buckets, counted_once, over_time
from overlap import names

ROUTE = m.label(names.HTTP_ROUTE)
SERVICE = m.label(names.SERVICE_NAME)
STATUS = m.label(names.HTTP_STATUS)
END = m.label(names.TASK_END)
ROUTED = f'{ROUTE}!=""'
"""The upstream, which is no Django, has no routes."""
FAILED = f'{STATUS}=~"5.."'


def dashboard() -> Dashboard:
    """The first one to open."""
    return board(
        "overlap-glance",
        "Async at a glance",
        "Does async code run at once? Rates, errors and durations by route, the event loop, "
        "background work by its end, and the shape of the newest traces.",
        [
            Row("", 4, [(4, panel) for panel in _figures()]),
            Row("Requests, by route", 9, [(12, _rate()), (12, _durations())]),
            Row("", 8, [(12, _errors()), (12, _slowest())]),
            Row("The event loop", 8, [(8, _lag()), (8, _blocked()), (8, _in_flight())]),
            Row("Beside the loop", 8, [(12, _background()), (12, _threads())]),
            Row("The newest traces, by shape", 11, [(24, _last_traces())]),
            Row("", 9, [(8, _shapes()), (16, servicegraph.panel())]),
        ],
    )


def _figures() -> list[stat.Panel]:
    errors, requests = (
        grown(f"{m.SERVED}_count", where=where, window=RANGE) for where in (FAILED, "")
    )
    return [
        panels.number(
            "Requests",
            "How many requests were answered in the time shown.",
            "short",
            at_the_end(or_nothing(requests)),
        ).decimals(0),
        panels.alarming(
            panels.number(
                "Failed",
                "The share of them that answered 5xx.",
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
        panels.alarming(
            panels.number(
                "The loop stood still",
                "For how long, in the time shown, some event loop ran one callback and nothing "
                "else. While it does, every request of that process waits.",
                "s",
                at_the_end(or_nothing(grown(m.BLOCKED, window=RANGE))),
            ).decimals(1),
            0.5,
        ),
        panels.alarming(
            panels.number(
                "Background tasks lost",
                "Started, and never ended: their process was gone first.",
                "short",
                at_the_end(or_nothing(grown(m.ENDED, where=f'{END}="lost"', window=RANGE))),
            ).decimals(0),
            1,
        ),
        panels.alarming(
            panels.number(
                "Lessons not as expected",
                "Of all that were played in the time shown. 0 is good.",
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


def _rate() -> timeseries.Panel:
    return panels.bars(
        "Requests a second",
        "By route, one on top of the other.",
        "reqps",
        over_time(per_second(f"{m.SERVED}_count", (ROUTE,), ROUTED), f"{{{{{ROUTE}}}}}"),
    ).legend(panels.legend(table=True, calcs=["max"]))


def _errors() -> timeseries.Panel:
    by_route = grown(f"{m.SERVED}_count", (ROUTE, STATUS), FAILED)
    return panels.coloured(
        panels.bars(
            "Failed requests",
            "Answered 5xx, by route and status; a flat line at 0 says that none failed.",
            "short",
            over_time(f"{by_route} > 0", f"{{{{{ROUTE}}}}} {{{{{STATUS}}}}}", "A"),
            over_time("vector(0)", "none failed", "B"),
        ).decimals(0),
        {"none failed": colours.GREEN},
    )


def _durations() -> heatmap.Panel:
    return panels.heat(
        "How long requests took",
        "Every request, by the time to its answer: the darker, the more. A dot is an exemplar: "
        "click it, and its trace opens.",
        "s",
        buckets(grown(f"{m.SERVED}_bucket", ("le",))),
    )


def _slowest() -> bargauge.Panel:
    return panels.ranking(
        "The slowest routes",
        "95 of 100 requests of the route were answered within this time; over the time shown.",
        "s",
        at_the_end(
            f"topk(10, {quantile(0.95, m.SERVED, (ROUTE,), ROUTED, RANGE)})",
            f"{{{{{ROUTE}}}}}",
        ),
    ).decimals(2)


def _lag() -> timeseries.Panel:
    return panels.lines(
        "Loop lag",
        "How late the event loop runs what is due, the worst of 100 in each bin, by service. A "
        "loop at ease stays below 10 ms.",
        "s",
        over_time(
            quantile(0.99, m.LAG, (SERVICE,)),
            f"{{{{{SERVICE}}}}}",
            exemplars=True,
        ),
    ).interval("15s")


def _blocked() -> timeseries.Panel:
    return panels.bars(
        "The loop stood still",
        "Seconds in each bin in which one callback held the loop, by the function that did. "
        "`The event loop` has it by line.",
        "s",
        over_time(
            or_nothing(
                f"{grown(m.BLOCKED, ('code_function_name',))} > 0",
                code_function_name="nobody held it",
            ),
            "{{code_function_name}}",
        ),
    ).links([panel_link("By line and worker", "/d/overlap-loop?${__url_time_range}")])


def _in_flight() -> timeseries.Panel:
    return panels.lines(
        "Requests in flight",
        "Under way at the same time, by service.",
        "short",
        over_time(latest(m.IN_FLIGHT, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    ).decimals(0)


def _background() -> timeseries.Panel:
    ended = at_least_zero(grown(m.ENDED, (END,)), END, names.TASK_ENDS)
    running = over_time(or_nothing(latest(m.RUNNING)), "running", "B")
    return panels.coloured(
        panels.bars(
            "Background tasks, by their end",
            "Work that outlives its response: done, failed, cancelled at shutdown, or lost with "
            "its process. The line shows how many are running.",
            "short",
            over_time(ended, f"{{{{{END}}}}}", "A"),
            running,
        )
        .decimals(0)
        .override_by_name("running", panels.as_line()),
        {**colours.ENDS, "running": colours.BLUE},
    )


def _threads() -> timeseries.Panel:
    return panels.lines(
        "Threads",
        "Of each service, at this moment, all its processes together. An async view that needs "
        "no thread takes none.",
        "short",
        over_time(latest(m.THREADS, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    ).decimals(0)


def _last_traces() -> table_sdk.Panel:
    return verdicts.last_traces(
        "Lessons, as they were played",
        "What `overlap play` judged: the shape of each trace, whether it is the expected one, and "
        "what shows it. Other requests are not judged: `overlap verdict TRACE_ID` does it.",
        verdicts.ALL,
        lesson=True,
    )


def _shapes() -> bargauge.Panel:
    return panels.coloured(
        panels.ranking(
            "Traces of each shape",
            "How many of the lessons played in the time shown have it; a trace may have several.",
            "short",
            *(
                counted_once(
                    f'sum(count_over_time({verdicts.ALL} | {verdicts.SHAPES}=~".*{shape}.*" '
                    f"[{RANGE}])) or vector(0)",
                    shape,
                    chr(ord("A") + number),
                )
                for number, shape in enumerate(colours.SHAPES)
            ),
            source=LOKI,
        ).decimals(0),
        colours.SHAPES,
    )
