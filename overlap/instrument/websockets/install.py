"""Trace WebSocket connections of Channels, Starlette, and any application under a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from overlap.instrument.websockets.application import dispatch, serve
from overlap.instrument.websockets.connection import stop_all
from overlap.instrument.websockets.servers import instrument_servers, replacing
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported


def instrument_websockets(on_connection: Callable[[], None]) -> Callable[[], None]:
    """Trace connections from now on; return a function that undoes it.

    on_connection: called on the loop for each connection.
    """
    undo = ExitStack()
    undo.callback(stop_all)

    def call(stock: Any) -> Any:
        async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> Any:
            if scope["type"] == "websocket":
                guarded("a loop is not watched", on_connection)
                return await serve(stock.__get__(self), scope, receive, send)
            return await stock(self, scope, receive, send)

        return __call__

    def on_dispatch(stock: Any) -> Any:
        async def traced_dispatch(self: Any, message: Any) -> Any:
            return await dispatch(self, stock.__get__(self, type(self)), message)

        return traced_dispatch

    for module, owner, method, make in (
        ("channels.consumer", "AsyncConsumer", "__call__", call),
        ("channels.consumer", "AsyncConsumer", "dispatch", on_dispatch),
        ("channels.consumer", "SyncConsumer", "dispatch", on_dispatch),
        ("channels.routing", "ProtocolTypeRouter", "__call__", call),
        ("starlette.applications", "Starlette", "__call__", call),
    ):
        undo.callback(when_imported(module, replacing(owner, method, make)))
    undo.callback(instrument_servers(on_connection))
    return undo.close
