"""Change Django's handlers while a test is recorded: add our middleware, watch the view's loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import wraps
from typing import Any
from weakref import WeakSet

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.urls import get_resolver

from overlap.instrument.requests.django_instrumentor import Instrumentor

_LOADED: WeakSet[BaseHandler] = WeakSet()
"""Handlers that have loaded our middleware, in this recording or an earlier one."""


def load_urlconf() -> None:
    """Import the project's URLconf, which Django otherwise does within the first request.

    That import may block the loop for longer than the threshold: true of the first request of a
    process, and not what a test of a view is about. What it raises, the request raises again.
    """
    with suppress(Exception):
        _ = get_resolver().url_patterns


def follow_handlers(
    watch_loop: Callable[[], Awaitable[None]], *, leave_settings: bool
) -> Callable[[], None]:
    """Trace every request that Django handles; return a function that undoes it.

    A handler that exists already, such as `application` at the top of a test module, loads its
    middleware again on its next request. `watch_loop` is awaited before each async request, and
    before each async view, because the sync test client runs each view on a new event loop. With
    `leave_settings`, MIDDLEWARE stays as the project wrote it, so that a test can override it at
    any time.
    """
    undo = ExitStack()
    ours = Instrumentor._opentelemetry_middleware
    if leave_settings and ours in settings.MIDDLEWARE:
        settings.MIDDLEWARE.remove(ours)
    stock_load, stock_get, stock_get_async, stock_make_atomic = (
        BaseHandler.load_middleware,
        BaseHandler.get_response,
        BaseHandler.get_response_async,
        BaseHandler.make_view_atomic,
    )

    @wraps(stock_load)
    def load_middleware(self: Any, is_async: bool = False) -> None:
        before = settings.MIDDLEWARE
        if ours not in before:
            settings.MIDDLEWARE = [ours, *before]
        try:
            stock_load(self, is_async=is_async)
        finally:
            settings.MIDDLEWARE = before
        _LOADED.add(self)

    @wraps(stock_get)
    def get_response(self: Any, request: Any) -> Any:
        if self not in _LOADED:
            self.load_middleware()
        return stock_get(self, request)

    @wraps(stock_get_async)
    async def get_response_async(self: Any, request: Any) -> Any:
        if self not in _LOADED:
            self.load_middleware(is_async=True)
        await watch_loop()  # before the request's span starts, so that the lens measures it
        return await stock_get_async(self, request)

    @wraps(stock_make_atomic)
    def make_view_atomic(self: Any, view: Any) -> Any:
        view = stock_make_atomic(self, view)
        if not iscoroutinefunction(view):
            return view

        @wraps(view)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            await watch_loop()
            return await view(*args, **kwargs)

        return watched

    for function in (load_middleware, get_response, get_response_async, make_view_atomic):
        undo.callback(setattr, BaseHandler, function.__name__, function.__wrapped__)
        setattr(BaseHandler, function.__name__, function)
    return undo.close
