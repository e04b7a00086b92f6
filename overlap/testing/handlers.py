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
from overlap.runtime.class_methods import replace_method

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

    def load_middleware(stock: Callable[..., Any]) -> Callable[..., Any]:
        def load_ours(self: Any, is_async: bool = False) -> None:
            before = settings.MIDDLEWARE
            if ours not in before:
                settings.MIDDLEWARE = [ours, *before]
            try:
                stock(self, is_async=is_async)
            finally:
                settings.MIDDLEWARE = before
            _LOADED.add(self)

        return load_ours

    def get_response_async(stock: Callable[..., Any]) -> Callable[..., Any]:
        async def get_traced(self: Any, request: Any) -> Any:
            if self not in _LOADED:
                self.load_middleware(is_async=True)
            await watch_loop()  # before the request's span starts, so that the lens measures it
            return await stock(self, request)

        return get_traced

    def make_view_atomic(stock: Callable[..., Any]) -> Callable[..., Any]:
        def make_watched(self: Any, view: Any) -> Any:
            view = stock(self, view)
            if not iscoroutinefunction(view):
                return view

            @wraps(view)
            async def watched(*args: Any, **kwargs: Any) -> Any:
                await watch_loop()
                return await view(*args, **kwargs)

            return watched

        return make_watched

    for make in (load_middleware, _get_response, get_response_async, make_view_atomic):
        undo.callback(replace_method(BaseHandler, make.__name__.removeprefix("_"), make))
    return undo.close


def _get_response(stock: Callable[..., Any]) -> Callable[..., Any]:
    def get_traced(self: Any, request: Any) -> Any:
        if self not in _LOADED:
            self.load_middleware()
        return stock(self, request)

    return get_traced
