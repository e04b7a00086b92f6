"""When a request came in, and those that end before Django has made a request of them.

Django reads the whole body before its middleware sees anything. A server span begins where
the server handed the request over; and where the client goes away with its body unfinished,
or sends what can't be read as a request, there is a span that says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler


class Arrival:
    """One request at the handler's door."""

    __slots__ = ("at", "at_ns", "scope")

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.at = time.perf_counter()
        """Seconds, on the clock that durations are taken from."""
        self.at_ns = time.time_ns()
        """Since the epoch."""


class Unmade:
    """Stands for the request that Django did not make, with what telemetry asks of one."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.method = str(scope.get("method", ""))
        self.scheme = str(scope.get("scheme", "http"))
        self.path = str(scope.get("path", ""))

    def _get_raw_host(self) -> str:
        headers = self.scope.get("headers", ())
        return next((value.decode("latin-1") for name, value in headers if name == b"host"), "")


_CURRENT: ContextVar[Arrival | None] = ContextVar("overlap-arrival", default=None)


def arrival_of(scope: dict[str, Any]) -> Arrival:
    """When the request of `scope` came in; now, if it did not come through Django's handler."""
    arrival = _CURRENT.get()
    if arrival is not None and arrival.scope is scope:
        return arrival
    return Arrival(scope)


def watch_arrivals(
    on_gone: Callable[[Arrival], None], on_refused: Callable[[Arrival, int], None]
) -> Callable[[], None]:
    """Note arrivals; gives back a function that stops it.

    `on_gone` is told of a client that went away before its body had come, `on_refused` of what
    Django answered by itself, with which status.
    """
    undo = ExitStack()
    handle, read_body, create_request = (
        ASGIHandler.handle,
        ASGIHandler.read_body,
        ASGIHandler.create_request,
    )

    @wraps(handle)
    async def timed(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> None:
        token = _CURRENT.set(Arrival(scope))
        try:
            await handle(self, scope, receive, send)
        finally:
            _CURRENT.reset(token)

    @wraps(read_body)
    async def reading(self: Any, receive: Any) -> Any:
        try:
            return await read_body(self, receive)
        except RequestAborted:
            if (arrival := _CURRENT.get()) is not None:
                on_gone(arrival)
            raise

    @wraps(create_request)
    def creating(self: Any, scope: dict[str, Any], body_file: Any) -> Any:
        request, answer = create_request(self, scope, body_file)
        if request is None:
            on_refused(arrival_of(scope), answer.status_code)
        return request, answer

    for name, ours, stock in (
        ("handle", timed, handle),
        ("read_body", reading, read_body),
        ("create_request", creating, create_request),
    ):
        setattr(ASGIHandler, name, ours)
        undo.callback(setattr, ASGIHandler, name, stock)
    return undo.close
