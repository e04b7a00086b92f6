"""Django's handlers under a recorded test: each has our middleware, each async view a watchdog."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any
from weakref import WeakSet

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.base import BaseHandler

from overlap.instrument.requests.django_instrumentor import Instrumentor

_LOADED: WeakSet[BaseHandler] = WeakSet()
"""Handlers that have loaded our middleware, in this recording or in one before."""


def follow_handlers(
    begin: Callable[[], Awaitable[None]], *, leave_settings: bool
) -> Callable[[], None]:
    """See every request that Django handles; gives back a function that undoes it.

    A handler made before, as `application` at the head of a test module is, loads its
    middleware again at its next request. `begin` is awaited before each async view, so that
    the loop it runs on is watched: under the sync test client that is a loop of its own.
    With `leave_settings`, MIDDLEWARE itself is as the project wrote it: a test may override
    it, before or after.
    """
    undo = ExitStack()
    ours = Instrumentor._opentelemetry_middleware
    if leave_settings and ours in settings.MIDDLEWARE:
        settings.MIDDLEWARE.remove(ours)
    loaded, answer, answer_async, make_atomic = (
        BaseHandler.load_middleware,
        BaseHandler.get_response,
        BaseHandler.get_response_async,
        BaseHandler.make_view_atomic,
    )

    @wraps(loaded)
    def load_middleware(self: Any, is_async: bool = False) -> None:
        before = settings.MIDDLEWARE
        if ours not in before:
            settings.MIDDLEWARE = [ours, *before]
        try:
            loaded(self, is_async=is_async)
        finally:
            settings.MIDDLEWARE = before
        _LOADED.add(self)

    @wraps(answer)
    def get_response(self: Any, request: Any) -> Any:
        if self not in _LOADED:
            self.load_middleware()
        return answer(self, request)

    @wraps(answer_async)
    async def get_response_async(self: Any, request: Any) -> Any:
        if self not in _LOADED:
            self.load_middleware(is_async=True)
        return await answer_async(self, request)

    @wraps(make_atomic)
    def make_view_atomic(self: Any, view: Any) -> Any:
        view = make_atomic(self, view)
        if not iscoroutinefunction(view):
            return view

        @wraps(view)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            await begin()
            return await view(*args, **kwargs)

        return watched

    for function in (load_middleware, get_response, get_response_async, make_view_atomic):
        undo.callback(setattr, BaseHandler, function.__name__, function.__wrapped__)
        setattr(BaseHandler, function.__name__, function)
    return undo.close
