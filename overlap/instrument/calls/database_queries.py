"""Database queries: a span for each that Django sends, below the span that asked for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from overlap import names
from overlap.instrument.calls.thread_attributes import thread_attributes

_SCOPE = "overlap.instrument.queries"
_LONGEST = 2000
"""Characters of a query kept. Its parameters are never kept: Django hands them over apart."""
_TABLE = re.compile(r"""\b(?:FROM|INTO|UPDATE)\s+["'`\[]?([\w.$]+)""", re.IGNORECASE)
_SYSTEMS = {"oracle": "oracle.db", "microsoft": "microsoft.sql_server"}
"""What the conventions call a database that Django calls otherwise."""


def instrument_queries() -> Callable[[], None]:
    """Trace each query of every connection of Django's; gives back a function that stops it."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    def created(connection: Any, **_signal: Any) -> None:
        if _traced not in connection.execute_wrappers:
            connection.execute_wrappers.append(_traced)

    def stop() -> None:
        connection_created.disconnect(dispatch_uid=_SCOPE)
        # Those of other threads keep theirs: without an SDK it costs them next to nothing.
        for connection in connections.all(initialized_only=True):
            if _traced in connection.execute_wrappers:
                connection.execute_wrappers.remove(_traced)

    connection_created.connect(created, weak=False, dispatch_uid=_SCOPE)
    return stop


def _traced(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    # What nobody asked for in a request or a task is no trace's business.
    if not trace.get_current_span().is_recording():
        return execute(sql, params, many, context)
    connection = context["connection"]
    text = str(sql)
    operation, table = _summary(text)
    attributes = {
        names.DB_SYSTEM_NAME: _SYSTEMS.get(connection.vendor, connection.vendor),
        names.DB_OPERATION: operation,
        names.DB_QUERY: text[:_LONGEST],
        names.DB_NAMESPACE: _namespace(connection),
        **thread_attributes(threading.current_thread()),
    }
    if table:
        attributes[names.DB_COLLECTION] = table
    name = f"{operation} {table}" if table else operation
    span = _tracer(trace.get_tracer_provider()).start_span(
        name, kind=SpanKind.CLIENT, attributes=attributes
    )
    with trace.use_span(span, end_on_exit=True):
        return execute(sql, params, many, context)


@lru_cache(maxsize=1)
def _tracer(provider: trace.TracerProvider) -> trace.Tracer:
    # Asked for anew at each query, the SDK would make a tracer at each.
    return provider.get_tracer(_SCOPE)


# To overlap.lean: a connection that has this wrapper is as new, and may serve the next request.
_traced.stays_on_connection = True  # type: ignore[attr-defined]


def _namespace(connection: Any) -> str:
    # SQLite's is a path of this machine: its last part says enough.
    name = str(connection.settings_dict.get("NAME") or "")
    return name.rpartition("/")[2] if connection.vendor == "sqlite" else name


@lru_cache(maxsize=512)
def _summary(sql: str) -> tuple[str, str]:
    """What a query does, and to which table: `SELECT`, `app_meat`."""
    words = sql.split(maxsplit=1)
    found = _TABLE.search(sql)
    return words[0].upper() if words else "QUERY", found[1] if found else ""
