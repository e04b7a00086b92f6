"""Time that a database takes beside its queries: connecting, COMMIT and ROLLBACK.

On the current span, added up: a span for each would be a sibling of the queries for every
transaction, most of them shorter than it takes to read one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import perf_counter
from typing import Any

from opentelemetry.trace import get_current_span

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames
from overlap.runtime.when_imported import when_imported

_METHODS = {
    "connect": names.DB_CONNECT_MS,
    "_commit": names.DB_COMMIT_MS,
    "_rollback": names.DB_ROLLBACK_MS,
}


def time_connections() -> Callable[[], None]:
    """Record the times from now on; return a function that undoes it."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    undo = ExitStack()
    for method, attribute in _METHODS.items():
        undo.callback(replace_method(BaseDatabaseWrapper, method, partial(_timed, attribute)))
    undo.callback(when_imported("django_async_backend.db.backends.base.base", _time_async))
    return undo.close


def _time_async(module: Any, undo: ExitStack) -> None:
    for method, attribute in _METHODS.items():
        timed = partial(_timed_async, attribute)
        undo.callback(replace_method(module.BaseAsyncDatabaseWrapper, method, timed))


def _timed(attribute: str, stock: Any) -> Any:
    def timed(self: Any, *args: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            return stock(self, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            guarded("a database connection is not timed", _add, attribute, began)

    return timed


def _timed_async(attribute: str, stock: Any) -> Any:
    async def timed(self: Any, *args: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            return await stock(self, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            guarded("a database connection is not timed", _add, attribute, began)

    return timed


def _add(attribute: str, began: float) -> None:
    span = get_current_span()
    if span.is_recording():
        # Not read from its attributes: what is missing there costs an exception.
        sums: dict[str, float] = vars(span).setdefault("overlap_database", {})
        sums[attribute] = sums.get(attribute, 0.0) + (perf_counter() - began) * 1000
        span.set_attribute(attribute, round(sums[attribute], 3))
