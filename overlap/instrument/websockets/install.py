"""Trace WebSocket connections of Channels, Starlette, and any application under a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any

from wrapt import register_post_import_hook

from overlap.instrument.websockets.application import dispatch, serve
from overlap.instrument.websockets.connection import stop_all
from overlap.instrument.websockets.servers import instrument_servers
from overlap.runtime.guard import guarded


def instrument_websockets(on_connection: Callable[[], None]) -> Callable[[], None]:
    """Trace connections from now on; return a function that undoes it.

    on_connection: called on the loop for each connection.
    """
    undo = ExitStack()
    undo.callback(stop_all)
    hooked = [True]  # an import hook cannot be removed
    undo.callback(hooked.clear)

    def patch(module: Any, name: str, method: str, replace: Callable[[Any], Any]) -> None:
        owner = getattr(module, name, None)
        if hooked and owner is not None and method in vars(owner):
            stock = vars(owner)[method]
            ours = replace(stock)
            setattr(owner, method, ours)
            undo.callback(_restore, owner, method, ours, stock)

    def call(stock: Any) -> Any:
        @wraps(stock)
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

    def on_consumers(module: Any) -> None:
        patch(module, "AsyncConsumer", "__call__", call)
        patch(module, "AsyncConsumer", "dispatch", on_dispatch)
        patch(module, "SyncConsumer", "dispatch", on_dispatch)

    register_post_import_hook(on_consumers, "channels.consumer")
    for name, owner in (
        ("channels.routing", "ProtocolTypeRouter"),
        ("starlette.applications", "Starlette"),
    ):
        register_post_import_hook(partial(_patched, patch, owner, "__call__", call), name)
    undo.callback(instrument_servers(on_connection))
    return undo.close


def _patched(patch: Any, owner: str, method: str, replace: Any, module: Any) -> None:
    patch(module, owner, method, replace)


def _restore(owner: Any, method: str, ours: Any, stock: Any) -> None:
    if vars(owner).get(method) is ours:  # otherwise another library has wrapped it
        setattr(owner, method, stock)
