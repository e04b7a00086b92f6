"""The spans of one WebSocket connection.

The connection's span lasts from the handshake to the close, which may be hours later. So each
message has a trace of its own, which links to the connection's span.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
)

from overlap import names
from overlap.instrument.requests.asgi_scope import carried
from overlap.lens import RouteTime

_SCOPE = "overlap.instrument.websockets"
CURRENT: ContextVar[Connection | None] = ContextVar("overlap-websocket", default=None)
"""The connection that the running code serves."""
OPEN: dict[int, Connection] = {}
"""The connections of this process that have not ended, by id()."""


class Connection:
    """One connection. `finish` may be called twice; only the first call counts."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._received = self._sent = 0
        self._is_over = False
        self._consumer = ""
        self.is_dispatched = False
        """Whether a Channels consumer handles the messages, each in a call of `dispatch`."""
        self.message: Span | None = None
        """The span of the message that is being handled, if that ends with the next `receive`."""
        is_inner = trace.get_current_span() is not INVALID_SPAN
        parent = get_current() if is_inner else carried(scope)
        self.span = trace.get_tracer(_SCOPE).start_span(
            names.SPAN_WEBSOCKET,
            parent,
            kind=SpanKind.INTERNAL if is_inner else SpanKind.SERVER,
            attributes=_attributes(scope),
        )
        self.context = set_span_in_context(self.span, parent)
        OPEN[id(self)] = self

    def set_consumer(self, consumer: type) -> None:
        """Name the spans after the Channels consumer."""
        if not self._consumer:
            self.is_dispatched = True
            self._set_name(consumer.__qualname__)
            self.span.set_attribute(
                names.WEBSOCKET_CONSUMER, f"{consumer.__module__}.{consumer.__qualname__}"
            )

    def start_message(self, message: dict[str, Any]) -> Span:
        """Start the span of a message, the root of a trace of its own."""
        kind = str(message.get("type", ""))
        if not self._consumer:
            self._set_name(_endpoint(self._scope))
        name = "receive" if kind == "websocket.receive" else kind
        content = message.get("text") or message.get("bytes") or b""
        attributes = {names.WEBSOCKET_MESSAGE_SIZE: len(content)} if name == "receive" else {}
        link = Link(self.span.get_span_context(), {names.LINK_KIND: names.LINK_CONNECTION})
        return trace.get_tracer(_SCOPE).start_span(
            f"{name} {self._consumer}".rstrip(),
            Context(),
            kind=SpanKind.CONSUMER,
            links=[link],
            attributes=attributes,
        )

    def received(self, message: dict[str, Any]) -> None:
        """Record an ASGI message from the server."""
        if message["type"] == "websocket.receive":
            self._received += 1
        elif message["type"] == "websocket.disconnect":
            self._set_close_code(message.get("code", 1005))

    def sent(self, message: dict[str, Any]) -> None:
        """Record an ASGI message from the application."""
        if message["type"] == "websocket.send":
            self._sent += 1
        elif message["type"] == "websocket.close":
            self._set_close_code(message.get("code", 1000))

    def end_message(self, error: BaseException | None = None) -> None:
        """End the span of the message that is being handled, if there is one."""
        span, self.message = self.message, None
        if span is not None:
            end(span, error)
            self.count(span)

    def count(self, span: Span) -> None:
        """Count the time that a message took of the event loop, as a route's."""
        if RouteTime.current is not None:
            RouteTime.current.count_span(f"{names.SPAN_WEBSOCKET} {self._consumer}".rstrip(), span)

    def finish(self, error: BaseException | None = None, *, stopped: bool = False) -> None:
        """End the spans. `stopped`: the process ends before the connection."""
        self.end_message(error)
        if self._is_over:
            return
        self._is_over = True
        OPEN.pop(id(self), None)
        self.span.set_attributes(
            {names.WEBSOCKET_RECEIVED: self._received, names.WEBSOCKET_SENT: self._sent}
        )
        if stopped:
            self.span.set_attribute(names.ERROR_TYPE, names.SERVER_STOPPED)
            self.span.add_event(names.SERVER_STOPPED)
        end(self.span, error)
        self.context = Context()

    def _set_name(self, name: str) -> None:
        self._consumer = name
        if name:
            self.span.update_name(f"{names.SPAN_WEBSOCKET} {name}")

    def _set_close_code(self, code: object) -> None:
        # Of the two sides that may close, the first one counts.
        if isinstance(code, int) and names.WEBSOCKET_CLOSE_CODE not in (
            getattr(self.span, "attributes", None) or {}
        ):
            self.span.set_attribute(names.WEBSOCKET_CLOSE_CODE, code)


def end(span: Span, error: BaseException | None) -> None:
    """End a span, with the exception that ended what it covers."""
    if isinstance(error, Exception):
        kind = type(error).__qualname__
        span.set_attribute(names.ERROR_TYPE, kind)
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{kind}: {error}"))
    elif isinstance(error, asyncio.CancelledError):
        span.set_attribute(names.CANCELLED, True)
    span.end(time.time_ns())


def stop_all() -> None:
    """End the spans of all open connections, before the process ends."""
    for connection in list(OPEN.values()):
        connection.finish(stopped=True)


def _attributes(scope: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        names.URL_PATH: str(scope.get("path", "")),
        names.NETWORK_PROTOCOL: "websocket",
    }
    client = scope.get("client")
    if client and client[0]:
        found[names.CLIENT_ADDRESS] = str(client[0])
    return found


def _endpoint(scope: dict[str, Any]) -> str:
    """Return the route or the function that Starlette has found for the connection."""
    endpoint = scope.get("endpoint")
    # Older versions of Starlette do not say which route it was: that of this endpoint.
    route = scope.get("route") or next(_routes_of(endpoint, scope.get("router")), None)
    return str(getattr(route, "path", None) or getattr(endpoint, "__qualname__", ""))


def _routes_of(endpoint: Any, router: Any) -> Iterator[Any]:
    for route in getattr(router, "routes", None) or () if endpoint is not None else ():
        if getattr(route, "endpoint", None) is endpoint:
            yield route
        yield from _routes_of(endpoint, route)
