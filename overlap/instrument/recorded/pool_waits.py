"""Waits for a connection of psycopg's pool, which Django uses where OPTIONS has a `pool`.

The pool's `getconn` is wrapped once, whoever listens: spans do, and the flight recorder.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

Listener = Callable[[Any, float, float, bool], None]
"""Is called with the pool, when the wait began, its seconds, and whether it was given up."""
_WHAT = "the wait for a pooled connection is not recorded"
_listeners: list[Listener] = []
_wrapper = ExitStack()


def observe_pool_waits(listener: Listener) -> Callable[[], None]:
    """Call the listener after each wait, in its thread; return a function that undoes it."""
    if not _listeners:
        _wrapper.callback(when_imported("psycopg_pool.pool", _wrap))
    _listeners.append(listener)

    def undo() -> None:
        _listeners.remove(listener)
        if not _listeners:
            _wrapper.close()

    return undo


def _wrap(module: Any, undo: ExitStack) -> None:
    undo.callback(replace_method(module.ConnectionPool, "getconn", _observed))


def _observed(stock: Callable[..., Any]) -> Callable[..., Any]:
    def getconn(self: Any, *args: Any, **named: Any) -> Any:
        began, is_given_up = perf_counter(), True
        try:
            connection = stock(self, *args, **named)
            is_given_up = False
            return connection
        finally:
            seconds = perf_counter() - began
            for listener in _listeners:
                guarded(_WHAT, listener, self, began, seconds, is_given_up)

    return getconn
