"""Switch on the installed OpenTelemetry instrumentations, as `opentelemetry-instrument` does.

A package such as opentelemetry-instrumentation-redis names its instrumentor in the entry point
group `opentelemetry_instrumentor`. OTEL_PYTHON_DISABLED_INSTRUMENTATIONS lists those to leave out.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts

from overlap.instrument.calls import database_queries
from overlap.instrument.calls.project_instrumentors import give_way, uninstrument

GROUP = "opentelemetry_instrumentor"
DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
OURS = frozenset(
    {
        "django",
        "httpx",
        "httpx2",
        "celery",
        "django_q",
        "django_tasks",
        "dramatiq",
        "huey",
        "rq",
    }
)
"""Traced by modules of our own, some of which build on these instrumentations."""
HARMFUL = {
    "asyncio": "it renames coroutines, and the lens times tasks already",
    "logging": "our handler exports the records already",
    "structlog": "our processor exports the records already",
}
DRIVERS = frozenset(
    {"sqlite3", "psycopg", "psycopg2", "mysql", "mysqlclient", "pymysql", "pymssql"}
)
"""Drivers below Django's ORM, whose queries have a span already (database_queries)."""
_log = logging.getLogger(__name__)


def is_disabled(name: str) -> bool:
    """Return whether OTEL_PYTHON_DISABLED_INSTRUMENTATIONS lists this instrumentation, or `*`."""
    listed = {each.strip() for each in os.environ.get(DISABLED, "").split(",")}
    return not listed.isdisjoint({name, "*"})


def instrument_installed() -> Callable[[], None]:
    """Switch on each installed instrumentation; return a function that undoes it.

    One that fails, or that the project has switched on already, is left as it is.
    """
    undo = ExitStack()
    for entry_point in metadata.entry_points(group=GROUP):
        if entry_point.name in OURS | set(HARMFUL) or is_disabled(entry_point.name):
            continue
        try:
            _switch_on(entry_point, undo)
        except ModuleNotFoundError as error:  # the library that it traces is not installed
            _log.debug("%s is not instrumented: %s", entry_point.name, error)
        except Exception:
            _log.warning("%s is not instrumented", entry_point.name, exc_info=True)
    return undo.close


def _switch_on(entry_point: EntryPoint, undo: ExitStack) -> None:
    instrumentor: Any = entry_point.load()()
    if instrumentor.is_instrumented_by_opentelemetry:
        return
    conflict = get_dependency_conflicts(instrumentor.instrumentation_dependencies())
    if conflict is not None:
        found = getattr(conflict, "found", None) or getattr(conflict, "found_any", None)
        # Without the library there is nothing to trace; a version of it outside is worth a line.
        level = logging.WARNING if found else logging.DEBUG
        _log.log(level, "%s is not instrumented: %s", entry_point.name, conflict)
        return
    instrumentor.instrument(skip_dep_check=True)
    ours = ExitStack()
    ours.callback(_switch_off, entry_point.name, instrumentor)
    if entry_point.name in DRIVERS:
        # One that the project switched on itself stays as it is.
        database_queries.suppress_drivers(True)
        ours.callback(database_queries.suppress_drivers, False)
    undo.callback(give_way(instrumentor, ours.close))


def _switch_off(name: str, instrumentor: Any) -> None:
    try:
        uninstrument(instrumentor)
    except Exception:
        _log.warning("%s stays instrumented", name, exc_info=True)
