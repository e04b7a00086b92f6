"""How full the database connection pools are: connections in use, idle, and calls that wait.

By OpenTelemetry's conventions for connection pools. Seen are the pools of psycopg 3 that Django
keeps (`OPTIONS["pool"]`, since Django 5.1), by the alias of their database, and those of asyncpg.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from overlap import names
from overlap.instrument.calls.asyncpg_pools import asyncpg_pools

_BACKEND = "django.db.backends.postgresql.base"
Figures = Mapping[str, int]


def report_connection_pools(meter: Meter) -> None:
    """Report the figures of each pool."""
    meter.create_observable_up_down_counter(
        names.METRIC_CONNECTIONS, [_counts], "{connection}", "Open connections of the pool."
    )
    meter.create_observable_up_down_counter(
        names.METRIC_CONNECTIONS_MAX,
        [_figure("pool_max")],
        "{connection}",
        "The most connections that the pool may have.",
    )
    meter.create_observable_up_down_counter(
        names.METRIC_CONNECTIONS_PENDING,
        [_figure("requests_waiting")],
        "{request}",
        "Calls that wait for a connection of the pool.",
    )


def _pools() -> list[tuple[str, Figures]]:
    """Return the figures of each pool, by its database's alias or address."""
    wrapper: Any = getattr(sys.modules.get(_BACKEND), "DatabaseWrapper", None)
    pools = [*getattr(wrapper, "_connection_pools", {}).items()]
    return [*[(str(alias), pool.get_stats()) for alias, pool in pools], *asyncpg_pools()]


def _counts(_options: CallbackOptions) -> Iterable[Observation]:
    for alias, stats in _pools():
        idle = stats.get("pool_available", 0)
        used = stats.get("pool_size", 0) - idle
        for state, count in ((names.CONNECTION_USED, used), (names.CONNECTION_IDLE, idle)):
            where = {names.CONNECTION_POOL: alias, names.CONNECTION_STATE: state}
            yield Observation(max(0, count), where)


def _figure(key: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        for alias, stats in _pools():
            yield Observation(stats.get(key, 0), {names.CONNECTION_POOL: alias})

    return observe
