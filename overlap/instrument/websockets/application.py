"""Serve a WebSocket connection with an ASGI application, and trace it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, set_span_in_context

from overlap.instrument.websockets.connection import CURRENT, Connection, end
from overlap.runtime.guard import CurrentSpan, guarded, hide_frames

Application = Callable[..., Awaitable[Any]]
_WHAT = "a WebSocket connection is not traced"


async def serve(application: Application, scope: Any, receive: Any, send: Any) -> Any:
    """Call the application; a WebSocket connection is traced, unless an outer call traces it."""
    if scope["type"] != "websocket" or CURRENT.get() is not None:
        return await application(scope, receive, send)
    connection = guarded(_WHAT, Connection, scope)
    if connection is None:
        return await application(scope, receive, send)
    current = CURRENT.set(connection)
    token = attach(connection.context)
    try:
        result = await application(scope, _receiver(connection, receive), _sender(connection, send))
    except BaseException as error:
        guarded(_WHAT, connection.finish, error)
        hide_frames(error)
        raise
    finally:
        detach(token)
        CURRENT.reset(current)
        guarded(_WHAT, connection.finish)
    return result


def _receiver(connection: Connection, receive: Any) -> Any:
    async def traced_receive() -> Any:
        if not connection.is_dispatched:
            guarded(_WHAT, _end_message, connection)
        message = await receive()
        guarded(_WHAT, connection.received, message)
        if not connection.is_dispatched and message["type"] == "websocket.receive":
            guarded(_WHAT, _start_message, connection, message)
        return message

    return traced_receive


def _start_message(connection: Connection, message: Any) -> None:
    # Attached for the caller: it goes on in this context until it receives the next message.
    connection.message = connection.start_message(message)
    attach(set_span_in_context(connection.message))


def _end_message(connection: Connection) -> None:
    if connection.message is not None:
        connection.end_message()
        attach(connection.context)


def _sender(connection: Connection, send: Any) -> Any:
    async def traced_send(message: Any) -> Any:
        guarded(_WHAT, connection.sent, message)
        return await send(message)

    return traced_send


async def dispatch(consumer: Any, stock: Any, message: Any) -> Any:
    """Call a Channels consumer's own `dispatch`, with the span of the message as current span."""
    connection = CURRENT.get()
    span = (
        None if connection is None else guarded(_WHAT, _message_span, connection, consumer, message)
    )
    if span is None or connection is None:
        return await stock(message)
    try:
        with _MessageSpan(_WHAT, span):
            return await stock(message)
    finally:
        guarded(_WHAT, connection.count, span)


def _message_span(connection: Connection, consumer: Any, message: Any) -> Span | None:
    connection.set_consumer(type(consumer))
    if message["type"] in ("websocket.connect", "websocket.disconnect"):
        return None  # these belong to the connection's own span
    return connection.start_message(message)


class _MessageSpan(CurrentSpan):
    """Ends the span; a consumer that stops is no error."""

    __slots__ = ()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if type(error).__name__ == "StopConsumer":
            error = None
        if error is not None:
            hide_frames(error)
        if self._token is not None:
            detach(self._token)
        if self._span is not None:
            guarded(self._what, end, self._span, error)
