"""Report how full the pools of threads and of connections are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from opentelemetry.metrics import Meter

from overlap.instrument.calls.asyncpg_pools import watch_asyncpg
from overlap.instrument.calls.connection_pools import report_connection_pools
from overlap.instrument.calls.http_pools import HttpPools
from overlap.instrument.calls.thread_pools import ThreadPools


def report_pools(meter: Callable[[str], Meter]) -> Callable[[], None]:
    """Report the figures of all pools that are used from now on; return a function that undoes it.

    meter: returns the meter of a name.
    """
    undo = ExitStack()
    threads, http = ThreadPools(), HttpPools()
    for each in (threads.install, http.install, watch_asyncpg):
        undo.callback(each())
    threads.report(meter("overlap.instrument.threads"))
    http.report(meter("overlap.instrument.http"))
    report_connection_pools(meter("overlap.instrument.database"))
    return undo.close
