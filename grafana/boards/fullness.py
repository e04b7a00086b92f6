"""How full the loops are, by worker and route, and whether calls wait for threads."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common as common_sdk
from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode

from grafana.boards import colours, look, panels
from grafana.boards import metrics as m
from grafana.boards.board import Row
from grafana.boards.promql import latest, or_nothing, per_second
from grafana.boards.queries import over_time
from overlap import names

ROUTE, STATE = m.label(names.HTTP_ROUTE), m.label(names.LOOP_STATE)
POOL, CONNECTIONS = m.label(names.THREAD_POOL), m.label(names.CONNECTION_POOL)
FULL = 0.8
"""From here on, most requests have to wait for others; otel/rules.yaml warns of it."""


def row(where: str, worker: Sequence[str], legend: str) -> Row:
    """Return the row. `where` selects the service; `worker` are the labels of a process."""
    return Row(
        "How full",
        9,
        [(8, _utilization(where, worker, legend)), (8, _routes(where)), (8, _pools(where))],
    )


def _utilization(where: str, worker: Sequence[str], legend: str) -> timeseries.Panel:
    return (
        panels.lines(
            "Utilization, by worker",
            "The share of time in which the loop ran callbacks. Near 1 each request waits for all "
            "others; above the line, at 0.8, most do, and there is an alert after a minute.",
            "percentunit",
            over_time(latest(m.UTILIZATION, worker, where), legend),
        )
        .max(1)
        .thresholds(look.steps((None, "transparent"), (FULL, colours.RED)))
        .thresholds_style(
            common_sdk.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    )


def _routes(where: str) -> timeseries.Panel:
    running = f'{where}, {STATE}="{names.LOOP_STATE_RUNNING}"'
    by_route = f"{per_second(m.LOOP_TIME, (ROUTE,), running)} > 0.0005"
    return panels.bars(
        "What fills it, by route",
        "The share of one loop that each route's requests ran, in all workers together; from the "
        "requests that the lens measured, extrapolated to all.",
        "percentunit",
        over_time(or_nothing(by_route, **{ROUTE: "nothing"}), f"{{{{{ROUTE}}}}}"),
    )


def _pools(where: str) -> timeseries.Panel:
    return panels.lines(
        "Threads in use, and calls that wait",
        "By thread pool: threads that run a call, and calls in its queue, which wait for a thread. "
        "For a database's connection pool: calls that wait for a connection.",
        "short",
        over_time(latest(m.POOL_IN_USE, (POOL,), where), f"{{{{{POOL}}}}} in use", "A"),
        over_time(latest(m.POOL_WAITING, (POOL,), where), f"{{{{{POOL}}}}} waiting", "B"),
        over_time(
            or_nothing(
                latest(m.CONNECTIONS_PENDING, (CONNECTIONS,), where), **{CONNECTIONS: "(no pool)"}
            ),
            f"connections {{{{{CONNECTIONS}}}}} waiting",
            "C",
        ),
    ).decimals(0)
