"""When the server handed a request to Django, and requests that end before any middleware runs.

Django reads the whole body before it calls its middleware. A server span starts when Django's
handler is called, before that; and a request whose client disconnects while it sends the body,
or that Django cannot parse, has a span too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import hide_frames


class AcceptedRequest:
    """A request that the server has handed to Django's handler."""

    __slots__ = ("at", "at_ns", "disconnected_at", "scope")

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.at = time.perf_counter()
        """In seconds, by time.perf_counter()."""
        self.at_ns = time.time_ns()
        """In nanoseconds since the epoch."""
        self.disconnected_at: float | None = None
        """When the client disconnected before the response was complete, by perf_counter()."""


class UnparsedRequest:
    """The attributes of a request that telemetry reads, for one that Django could not parse."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.method = str(scope.get("method", ""))
        self.scheme = str(scope.get("scheme", "http"))
        self.path = str(scope.get("path", ""))

    def _get_raw_host(self) -> str:
        headers = self.scope.get("headers", ())
        return next((value.decode("latin-1") for name, value in headers if name == b"host"), "")


_CURRENT: ContextVar[AcceptedRequest | None] = ContextVar("overlap-accepted-request", default=None)


def accepted_request(scope: dict[str, Any]) -> AcceptedRequest:
    """Return when the request of `scope` was accepted: now, if Django's handler was not called."""
    accepted = _CURRENT.get()
    if accepted is not None and accepted.scope is scope:
        return accepted
    return AcceptedRequest(scope)


def _note_disconnect() -> None:
    # Django cancels the request next, which a thread does not notice.
    if (accepted := _CURRENT.get()) is not None:
        accepted.disconnected_at = time.perf_counter()


def observe_handler(
    on_disconnect: Callable[[AcceptedRequest], None],
    on_refused: Callable[[AcceptedRequest, int], None],
) -> Callable[[], None]:
    """Record when Django's ASGI handler is called; return a function that undoes it.

    on_disconnect: called when a client disconnects before the whole body was received.
    on_refused: called when Django cannot parse a request, with the status it answers.
    """

    def read_body(stock: Callable[..., Any]) -> Callable[..., Any]:
        async def reading(self: Any, receive: Any) -> Any:
            try:
                return await stock(self, receive)
            except RequestAborted:
                if (accepted := _CURRENT.get()) is not None:
                    on_disconnect(accepted)
                raise

        return reading

    def create_request(stock: Callable[..., Any]) -> Callable[..., Any]:
        def creating(self: Any, scope: dict[str, Any], body_file: Any) -> Any:
            request, answer = stock(self, scope, body_file)
            if request is None:
                on_refused(accepted_request(scope), answer.status_code)
            return request, answer

        return creating

    undo = ExitStack()
    for name, make in (
        ("handle", _handle),
        ("read_body", read_body),
        ("create_request", create_request),
        ("listen_for_disconnect", _listen_for_disconnect),
    ):
        undo.callback(replace_method(ASGIHandler, name, make))
    return undo.close


def _handle(stock: Callable[..., Any]) -> Callable[..., Any]:
    async def timed(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> None:
        token = _CURRENT.set(AcceptedRequest(scope))
        try:
            await stock(self, scope, receive, send)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            _CURRENT.reset(token)

    return timed


def _listen_for_disconnect(stock: Callable[..., Any]) -> Callable[..., Any]:
    async def listening(self: Any, receive: Any) -> Any:
        try:
            return await stock(self, receive)
        except RequestAborted:
            _note_disconnect()
            raise

    listening.on_disconnect = _note_disconnect  # type: ignore[attr-defined]  # overlap.lean calls it
    return listening


class ServerStopped(Exception):
    """The process ends while a request is in progress."""


def ended_early_by(error: BaseException) -> str | None:
    """Return what ended a request early; None if it is an exception of the application."""
    if isinstance(error, asyncio.CancelledError):
        # uvicorn says so when it gives up: "Task cancelled, timeout graceful shutdown exceeded".
        return names.SERVER_STOPPED if "shutdown" in str(error) else names.CLIENT_DISCONNECTED
    if isinstance(error, ServerStopped):
        return names.SERVER_STOPPED
    return names.CLIENT_DISCONNECTED if isinstance(error, GeneratorExit) else None
