"""Database queries: a span for each query of Django's, a child of the current span.

Cursors may be asynchronous, as those of django-async-backend are: Django's wrappers of `execute`
are called for them too, and get a coroutine. The span of such a query ends when it is awaited.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from inspect import isawaitable, iscoroutinefunction
from typing import Any

from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import Span, SpanKind

from overlap import names
from overlap.instrument.calls.database_connections import time_connections
from overlap.instrument.calls.observed_signals import observe_signal
from overlap.instrument.calls.thread_attributes import thread_attributes
from overlap.runtime.guard import CurrentSpan, guarded, hide_frames
from overlap.runtime.identity_cache import IdentityCache

_SCOPE = "overlap.instrument.queries"
_WHAT = "a database query is not traced"
_LONGEST = 2000
"""The most characters of a query. Parameters are not recorded: Django passes them separately."""
_TABLE = re.compile(r"""\b(?:FROM|INTO|UPDATE)\s+["'`\[]?([\w.$]+)""", re.IGNORECASE)
_LITERAL = re.compile(
    r"""[EBXN]?'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|(?<![\w$:."])\d+(?:\.\d+)?\b""", re.DOTALL
)
"""Text and numbers, as the conventions want them replaced where a query has no parameters."""
_suppressed: list[bool] = []
_SYSTEMS = {"oracle": "oracle.db", "microsoft": "microsoft.sql_server"}
"""The conventions' names of databases that Django names differently."""


def instrument_queries() -> Callable[[], None]:
    """Trace each query of every Django connection; return a function that undoes it."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    def created(connection: Any, **_signal: Any) -> None:
        if _traced not in connection.execute_wrappers:
            connection.execute_wrappers.append(_traced)

    restore_connections = time_connections()

    def stop() -> None:
        restore_connections()
        stop_observing()
        # Connections of other threads keep the wrapper: without an SDK it costs almost nothing.
        for connection in connections.all(initialized_only=True):
            if _traced in connection.execute_wrappers:
                connection.execute_wrappers.remove(_traced)

    stop_observing = observe_signal(connection_created, created)
    return stop


def _traced(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if _is_async(getattr(context.get("cursor"), "__class__", None)):
        return _traced_async(execute, sql, params, many, context)
    span = guarded(_WHAT, _start_span, sql, params, context)
    if span is None:
        try:
            return execute(sql, params, many, context)
        except BaseException as error:
            hide_frames(error)
            raise
    with CurrentSpan(_WHAT, span):
        if not _suppressed:
            return execute(sql, params, many, context)
        with suppress_instrumentation():
            return execute(sql, params, many, context)


async def _traced_async(
    execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    span = guarded(_WHAT, _start_span, sql, params, context)
    with CurrentSpan(_WHAT, span):
        if span is None or not _suppressed:
            return await _result(execute(sql, params, many, context))
        with suppress_instrumentation():
            return await _result(execute(sql, params, many, context))


async def _result(found: Any) -> Any:
    # Another wrapper of the connection may have awaited it already, or answered by itself.
    return await found if isawaitable(found) else found


@lru_cache(maxsize=64)
def _is_async(cursor: Any) -> bool:
    """Return whether cursors of this class have to be awaited."""
    return iscoroutinefunction(getattr(cursor, "execute", None))


def suppress_drivers(is_on: bool) -> None:
    """Say whether the drivers' own instrumentations make no span inside a query of Django's."""
    _suppressed[:] = [True] if is_on else []


def _start_span(sql: Any, params: Any, context: dict[str, Any]) -> Span | None:
    # A query outside any request or task belongs to no trace.
    if not trace.get_current_span().is_recording():
        return None
    connection = context["connection"]
    text = str(sql)
    operation, table = _summary(text)
    attributes = {
        names.DB_SYSTEM_NAME: _SYSTEMS.get(connection.vendor, connection.vendor),
        names.DB_OPERATION: operation,
        names.DB_QUERY: (text if params else _without_literals(text))[:_LONGEST],
        names.DB_NAMESPACE: _namespace(connection),
        **thread_attributes(threading.current_thread()),
    }
    if table:
        attributes[names.DB_COLLECTION] = table
    name = f"{operation} {table}" if table else operation
    tracer = _tracer(trace.get_tracer_provider())
    return tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)


def _make_tracer(provider: trace.TracerProvider) -> trace.Tracer:
    return provider.get_tracer(_SCOPE)


# The SDK makes a new tracer each time one is asked for.
_tracer = IdentityCache(_make_tracer)


# For overlap.lean: a connection with this wrapper is unchanged, and may serve the next request.
_traced.stays_on_connection = True  # type: ignore[attr-defined]


def _namespace(connection: Any) -> str:
    # SQLite's is a path of this machine: its last part is enough.
    name = str(connection.settings_dict.get("NAME") or "")
    return name.rpartition("/")[2] if connection.vendor == "sqlite" else name


@lru_cache(maxsize=512)
def _without_literals(sql: str) -> str:
    """Return a query without its values: of one with parameters, these are what is secret."""
    return _LITERAL.sub("?", sql)


@lru_cache(maxsize=512)
def _summary(sql: str) -> tuple[str, str]:
    """Return what a query does and to which table: `SELECT`, `app_meat`."""
    words = sql.split(maxsplit=1)
    found = _TABLE.search(sql)
    return words[0].upper() if words else "QUERY", found[1] if found else ""
