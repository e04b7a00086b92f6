"""Database connections in the flight recorder: opened and closed, by which request and thread.

A connection that is kept for the next request stays open. One that nobody closes before the
garbage collector finds it is recorded as dropped: the database has kept it until then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary, finalize

from overlap.instrument.recorded.pool_waits import observe_pool_waits
from overlap.recorder import active, layout
from overlap.recorder.flight import REQUEST
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames

SHORTEST_S = 0.001
"""A shorter wait for a pool is none."""
_WHAT = "a database connection is not in the flight recorder"
_watched: WeakKeyDictionary[Any, finalize[..., Any]] = WeakKeyDictionary()
"""Open connections, each with what records that it was dropped."""


def record_connections() -> Callable[[], None]:
    """Record Django's connections; return a function that undoes it."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    undo = ExitStack()
    undo.callback(replace_method(BaseDatabaseWrapper, "connect", _connect))
    undo.callback(replace_method(BaseDatabaseWrapper, "close", _close))
    undo.callback(observe_pool_waits(_waited))
    return undo.close


def _connect(stock: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: Any, *args: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            result = stock(self, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        guarded(_WHAT, _opened, self, began)
        return result

    return connect


def _close(stock: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any, *args: Any, **named: Any) -> Any:
        result = stock(self, *args, **named)
        if self.connection is None:  # else SQLite keeps one that is in memory alone
            guarded(_WHAT, _closed, self)
        return result

    return close


def _opened(connection: Any, began: float) -> None:
    recorder = active.RECORDER
    if recorder is None:
        return
    name = f"{connection.alias} in {threading.current_thread().name}"
    took = perf_counter() - began
    subject = id(connection) >> 4
    recorder.write(layout.OPENED, 0, 0, REQUEST.get(), subject, began, 0.0, took, name)
    if (before := _watched.pop(connection, None)) is not None:
        before.detach()
    dropped = finalize(connection, _dropped, subject, name)
    dropped.atexit = False
    _watched[connection] = dropped


def _closed(connection: Any) -> None:
    watched = _watched.pop(connection, None)
    if watched is None:
        return
    watched.detach()
    _write(layout.CLOSED, id(connection) >> 4, "")


def _dropped(subject: int, name: str) -> None:
    # By the garbage collector, in any thread.
    guarded(_WHAT, _write, layout.DROPPED, subject, name)


def _write(kind: int, subject: int, name: str) -> None:
    recorder = active.RECORDER
    if recorder is not None:
        recorder.write(kind, 0, 0, REQUEST.get(), subject, perf_counter(), 0.0, 0.0, name)


def _waited(pool: Any, began: float, seconds: float, is_given_up: bool) -> None:
    recorder = active.RECORDER
    if recorder is not None and seconds >= SHORTEST_S:
        name, request = str(pool.name), REQUEST.get()
        recorder.write(layout.POOL, is_given_up, 0, request, 0, began, seconds, 0.0, name)
