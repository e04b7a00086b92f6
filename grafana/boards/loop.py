"""The event loop: how late it was, which line blocked it, who waited, by worker."""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.builders import table as table_sdk
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.boards import colours, fullness, look, panels
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.promql import RANGE, grown, latest, or_nothing, quantile
from grafana.boards.queries import JAEGER, PROMETHEUS, Traces, at_the_end, buckets, over_time
from grafana.boards.queries import table as rows
from grafana.boards.tables import Column, table, trace_column
from overlap import names

SERVICE, PID = m.label(names.SERVICE_NAME), m.label(names.PROCESS_PID)
FILE, LINE_NUMBER, FUNCTION = (
    m.label(name)
    for name in (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER, names.CODE_FUNCTION_NAME)
)
WORKER = (SERVICE, PID)
CULPRIT = (FILE, LINE_NUMBER, FUNCTION)
CHOSEN = f'{SERVICE}=~"$service"'
A_WORKER = f"{{{{{SERVICE}}}}} {{{{{PID}}}}}"
A_LINE = f"{{{{{FUNCTION}}}}} ({{{{{FILE}}}}}:{{{{{LINE_NUMBER}}}}})"
NOTHING = {FUNCTION: "-", FILE: "-", LINE_NUMBER: "-"}
"""The labels of the zero that is shown as long as nothing blocked a loop."""
NOT_BLOCKED = "- (-:-)"
APP = "smokehouse"


def dashboard() -> Dashboard:
    """Return the dashboard of every loop that the watchdog watches."""
    return board(
        "overlap-loop",
        "The event loop",
        "How full each worker's event loop is, how late it runs what is due, which line of code "
        "blocked it, and how long requests waited for that.",
        [
            Row("", 4, [(6, panel) for panel in _figures()]),
            fullness.row(CHOSEN, WORKER, A_WORKER),
            Row("Lag", 9, [(12, _lag_heat()), (12, _lag())]),
            Row(
                "Blocks, by the line that blocked the loop", 9, [(12, _blocks()), (12, _culprits())]
            ),
            Row("Victims: requests that waited for it", 9, [(12, _delay_heat()), (12, _delays())]),
            Row("By worker", 9, [(24, _workers())]),
            Row("Traces with a block in them", 9, [(24, _traces())]),
        ],
        [_service()],
    )


def _service() -> sdk.QueryVariable:
    query = f"label_values({m.LAG}_count, {SERVICE})"
    return (
        sdk.QueryVariable("service")
        .label("Service")
        .description("Whose event loops this dashboard shows.")
        .datasource(PROMETHEUS)
        .query(query)
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _figures() -> list[stat.Panel]:
    return [
        look.alarming(
            panels.number(
                "The loops were blocked",
                "All of them together, in the time shown.",
                "s",
                at_the_end(or_nothing(grown(m.BLOCKED, where=CHOSEN, window=RANGE))),
            ).decimals(1),
            0.5,
        ),
        look.alarming(
            panels.number(
                "Lag, at most",
                "No callback was later than this in the time shown; the upper bound of the "
                "histogram's last bucket that was hit.",
                "s",
                at_the_end(quantile(1, m.LAG, where=CHOSEN, window=RANGE)),
            ).decimals(1),
            0.1,
        ),
        look.alarming(
            panels.number(
                "Requests that waited",
                "How many were in flight, or arrived, while a loop was blocked.",
                "locale",
                at_the_end(
                    or_nothing(grown(f"{m.VICTIM_DELAY}_count", where=CHOSEN, window=RANGE))
                ),
            ).decimals(0),
            1,
        ),
        panels.number(
            "Loops watched",
            "Processes whose event loop is running and watched at this moment.",
            "short",
            at_the_end(or_nothing(f"count({latest(f'{m.LAG}_count', WORKER, CHOSEN)})")),
        ).decimals(0),
    ]


def _lag_heat() -> heatmap.Panel:
    return panels.heat(
        "How late the loop is",
        "The lateness of each loop, measured sixteen times a second. The scale below says which "
        "colour is how often.",
        "s",
        buckets(grown(f"{m.LAG}_bucket", ("le",), CHOSEN)),
    )


def _lag() -> timeseries.Panel:
    return look.logarithmic(
        panels.lines(
            "Lag, by worker",
            "The worst in each bin, by service and process, as the upper bound of its bucket. A "
            "dot is an exemplar: it leads to the trace of what blocked the loop.",
            "s",
            over_time(quantile(1, m.LAG, WORKER, CHOSEN), A_WORKER, exemplars=True),
        )
        .interval("15s")
        .legend(look.legend(calcs=["max"]))
    )


def _blocks() -> timeseries.Panel:
    panel = panels.bars(
        "Blocked, by line",
        "Seconds in each bin in which the loop ran this line's callback and nothing else.",
        "s",
        over_time(or_nothing(f"{grown(m.BLOCKED, CULPRIT, CHOSEN)} > 0", **NOTHING), A_LINE),
    )
    return look.renamed(panel, NOT_BLOCKED, "not blocked", colours.GREY)


def _culprits() -> bargauge.Panel:
    by_line = grown(m.BLOCKED, CULPRIT, CHOSEN, RANGE)
    panel = (
        panels.ranking(
            "The lines that blocked it longest",
            "Seconds in all, in the time shown. The span `event_loop.blocked` in the culprit's "
            "trace has the whole stack.",
            "s",
            at_the_end(or_nothing(f"topk(10, {by_line} > 0)", **NOTHING), A_LINE),
        )
        .decimals(1)
        .color_scheme(look.one_colour(colours.RED))
    )
    return look.renamed(panel, NOT_BLOCKED, "not blocked", colours.GREY)


def _delay_heat() -> heatmap.Panel:
    return panels.heat(
        "How long requests waited for the loop",
        "Each request that was delayed, by how long. A dot leads to the trace of the one that "
        "waited.",
        "s",
        buckets(grown(f"{m.VICTIM_DELAY}_bucket", ("le",), CHOSEN)),
    )


def _delays() -> timeseries.Panel:
    return panels.bars(
        "Waited, by worker",
        "Seconds that requests waited, all of them together, in each bin. A blocked worker delays "
        "only its own requests.",
        "s",
        over_time(grown(f"{m.VICTIM_DELAY}_sum", WORKER, CHOSEN), A_WORKER),
    )


def _workers() -> table_sdk.Panel:
    loops = grown(f"{m.LAG}_count", WORKER, CHOSEN, RANGE)
    of_each = {
        "A": f"{latest(m.IN_FLIGHT, WORKER, CHOSEN)} and {loops}",
        "B": f"{latest(m.THREADS, WORKER, CHOSEN)} and {loops}",
        "C": f"{grown(f'{m.SERVED}_count', WORKER, CHOSEN, RANGE)} and {loops}",
        "D": f"{grown(m.BLOCKED, WORKER, CHOSEN, RANGE)} or 0 * {loops}",
        "E": quantile(0.99, m.LAG, WORKER, CHOSEN, RANGE),
        "F": f"{grown(f'{m.VICTIM_DELAY}_sum', WORKER, CHOSEN, RANGE)} or 0 * {loops}",
    }
    return table(
        "By worker",
        "Each process with an event loop, in the time shown: what it answered, how late and for "
        "how long blocked its loop was, and what requests waited for it.",
        [
            Column((SERVICE,), "service"),
            Column((PID,), "process", width=110),
            Column(("Value #C",), "answered", unit="short", decimals=0),
            Column(("Value #A",), "in flight", unit="short", decimals=0),
            Column(("Value #B",), "threads", unit="short", decimals=0),
            Column(("Value #E",), "lag, worst of 100", unit="s", decimals=1),
            Column(("Value #D",), "blocked", unit="s", decimals=1, gauge=colours.RED),
            Column(("Value #F",), "requests waited", unit="s", decimals=1, gauge=colours.AMBER),
        ],
        *(rows(query, ref) for ref, query in of_each.items()),
    )


def _traces() -> table_sdk.Panel:
    return table(
        f"Of {APP}",
        "A callback blocked the loop for more than 100 ms; the newest first. In the trace, the "
        "span event_loop.blocked has the line, its stack, and links to the victims.",
        [
            Column(("startTime", "Start time"), "started", width=165),
            Column(("duration", "Duration"), "took", width=100, unit="µs", decimals=1),
            Column(("traceName", "Trace name"), "what"),
            trace_column(("traceID", "Trace ID")),
        ],
        Traces(APP, operation=names.SPAN_BLOCKED),
        source=JAEGER,
    )
