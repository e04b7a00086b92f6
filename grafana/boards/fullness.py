"""How full the loops are, by worker and route, and whether calls wait for threads, connections."""

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
SERVER = m.label(names.SERVER_ADDRESS)
USED = f'{m.label(names.CONNECTION_STATE)}="{names.CONNECTION_USED}"'
ACTIVE = f'{m.label(names.HTTP_CONNECTION_STATE)}="{names.HTTP_ACTIVE}"'
NO_POOL = "-"
"""The label of the zero that is shown as long as there is no pool."""
FULL = 0.8
"""From here on, most requests have to wait for others; otel/rules.yaml warns of it."""


def row(where: str, worker: Sequence[str], legend: str) -> Row:
    """Return the row. `where` selects the service; `worker` are the labels of a process."""
    return Row(
        "How full",
        9,
        [
            (6, _utilization(where, worker, legend)),
            (6, _routes(where)),
            (6, _threads(where)),
            (6, _connections(where)),
        ],
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
    # What matches no route would be drawn as "Value".
    by_route = f'label_replace({by_route}, "{ROUTE}", "no route", "{ROUTE}", "")'
    return panels.bars(
        "What fills it, by route",
        "The share of one loop that each route's requests ran, in all workers together; from the "
        "requests that the lens measured, extrapolated to all.",
        "percentunit",
        over_time(or_nothing(by_route, **{ROUTE: "nothing"}), f"{{{{{ROUTE}}}}}"),
    )


def _threads(where: str) -> timeseries.Panel:
    return panels.lines(
        "Threads in use, and calls that wait",
        "By thread pool: threads that run a call, and calls in its queue, which wait for a thread.",
        "short",
        over_time(latest(m.POOL_IN_USE, (POOL,), where), f"{{{{{POOL}}}}} in use", "A"),
        over_time(latest(m.POOL_WAITING, (POOL,), where), f"{{{{{POOL}}}}} waiting", "B"),
    ).decimals(0)


def _connections(where: str) -> timeseries.Panel:
    used, active = f"{where}, {USED}", f"{where}, {ACTIVE}"
    in_use = (
        f"{latest(m.CONNECTIONS, (CONNECTIONS,), used)} or {_by_server(m.HTTP_CONNECTIONS, active)}"
    )
    waiting = f"{latest(m.CONNECTIONS_PENDING, (CONNECTIONS,), where)} or "
    waiting += _by_server(m.HTTP_PENDING, where)
    panel = panels.lines(
        "Connections in use, and calls that wait",
        "By pool of a database (psycopg's in Django, asyncpg's) and by server that httpx calls: "
        "connections in use, and calls that wait for one because the pool has no more.",
        "short",
        over_time(
            or_nothing(in_use, **{CONNECTIONS: NO_POOL}), f"{{{{{CONNECTIONS}}}}} in use", "A"
        ),
        over_time(
            or_nothing(waiting, **{CONNECTIONS: NO_POOL}), f"{{{{{CONNECTIONS}}}}} waiting", "B"
        ),
    )
    look.renamed(panel, f"{NO_POOL} in use", "no pool in use yet", colours.GREY)
    look.renamed(panel, f"{NO_POOL} waiting", "no call waits", colours.GREY)
    return panel.decimals(0).axis_soft_max(4)


def _by_server(metric: str, where: str) -> str:
    """Return the latest value of httpx's metric by server, under the label of the other pools."""
    by_server = latest(metric, (SERVER,), where)
    return f'label_replace({by_server}, "{CONNECTIONS}", "$1", "{SERVER}", "(.*)")'
