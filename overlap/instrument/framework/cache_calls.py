"""Calls of Django's caches: all backends, sync and async.

A backend's async methods mostly call its sync ones in a thread: only the outermost call counts.
Keys and values are not recorded.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from overlap import names
from overlap.instrument.framework.amounts import add, children, recording_span
from overlap.instrument.framework.class_patches import ClassPatches
from overlap.instrument.framework.slow_parts import LEAST_S, record_span
from overlap.runtime.guard import guarded, hide_frames

OPERATIONS = frozenset({
    "add", "get", "set", "touch", "delete", "has_key", "incr", "decr",
    "get_many", "set_many", "delete_many", "clear",
})  # fmt: skip
"""What the others are made of: `get_or_set` calls `get`, the project's function, and `add`."""
METHODS = OPERATIONS | {f"a{name}" for name in OPERATIONS}
_WHAT = "a cache call is not timed"
_inside: ContextVar[bool] = ContextVar("overlap_inside_cache", default=False)


def instrument_caches() -> Callable[[], None]:
    """Time the calls of each cache; return a function that undoes it."""
    from django.core.cache import caches
    from django.core.cache.backends.base import BaseCache

    undo = ExitStack()
    patches = ClassPatches(METHODS, _wrapped)
    undo.callback(patches.undo)
    undo.callback(patches.patch_new(BaseCache, _WHAT))
    for cache in caches.all(initialized_only=True):
        patches.patch(type(cache))
    return undo.close


def _wrapped(name: str, stock: Callable[..., Any]) -> Callable[..., Any]:
    operation = name if name in OPERATIONS else name[1:]
    if inspect.iscoroutinefunction(stock):

        async def timed_async(self: Any, *args: Any, **named: Any) -> Any:
            span = None if _inside.get() else recording_span()
            if span is None:
                try:
                    return await stock(self, *args, **named)
                except BaseException as error:
                    hide_frames(error)
                    raise
            before, began, token = children(span), perf_counter(), _inside.set(True)
            try:
                return await stock(self, *args, **named)
            except BaseException as error:
                hide_frames(error)
                raise
            finally:
                guarded(_WHAT, _inside.reset, token)  # a coroutine may be closed elsewhere
                guarded(_WHAT, _record, self, operation, span, before, began)

        return timed_async

    def timed(self: Any, *args: Any, **named: Any) -> Any:
        span = None if _inside.get() else recording_span()
        if span is None:
            try:
                return stock(self, *args, **named)
            except BaseException as error:
                hide_frames(error)
                raise
        before, began, token = children(span), perf_counter(), _inside.set(True)
        try:
            return stock(self, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            _inside.reset(token)
            guarded(_WHAT, _record, self, operation, span, before, began)

    return timed


def _record(cache: Any, operation: str, span: Any, before: int, began: float) -> None:
    seconds = perf_counter() - began
    add(span, names.CACHE_CALLS, names.CACHE_MS, seconds)
    # A span that began in it is its client's own, and says more.
    if seconds >= LEAST_S and children(span) == before:
        backend = type(cache)
        dotted = f"{backend.__module__}.{backend.__qualname__}"
        record_span(names.cache_span(operation), {names.CACHE_BACKEND: dotted}, seconds).end()
