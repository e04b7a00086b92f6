"""Trace WebSocket connections where a server calls its application, whatever that is.

An ASGI function of a project's own has nothing else in common with others. Each server has one
place where it calls the application; an outer call of ours leaves out the inner ones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from overlap.instrument.websockets.application import serve
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_UVICORN = {
    "websockets_impl": "WebSocketProtocol",
    "websockets_sansio_impl": "WebSocketsSansIOProtocol",
    "wsproto_impl": "WSProtocol",
}
_GRANIAN = ("granian.server.embed", "granian.server.mp", "granian.server.mt")
Application = Callable[..., Any]


def instrument_servers(on_connection: Callable[[], None]) -> Callable[[], None]:
    """Trace connections under uvicorn, hypercorn, daphne and granian; return the undoing.

    on_connection: called on the loop for each connection.
    """
    undo = ExitStack()

    def traced(application: Application) -> Application:
        def call(scope: Any, receive: Any, send: Any) -> Any:
            if scope["type"] != "websocket":
                return application(scope, receive, send)
            guarded("a loop is not watched", on_connection)
            return serve(application, scope, receive, send)

        return call

    for module, owner in _UVICORN.items():
        name = f"uvicorn.protocols.websockets.{module}"
        undo.callback(when_imported(name, replacing(owner, "run_asgi", _uvicorn(traced))))
    for module, owner, method, make in (
        ("hypercorn.app_wrappers", "ASGIWrapper", "__call__", _hypercorn(traced)),
        ("daphne.server", "Server", "create_application", _daphne(traced)),
        *((name, "", "_asgi_call_wrap", _granian(traced)) for name in _GRANIAN),
    ):
        undo.callback(when_imported(module, replacing(owner, method, make)))
    return undo.close


def replacing(
    owner: str, method: str, make: Callable[[Any], Any]
) -> Callable[[ModuleType, ExitStack], None]:
    """Return what replaces a method of a class, or a function of a module, once it is imported."""

    def instrument(module: ModuleType, undo: ExitStack) -> None:
        target = getattr(module, owner, None) if owner else module
        if target is not None and method in vars(target):
            undo.callback(replace_method(target, method, make))

    return instrument


def _uvicorn(traced: Callable[[Application], Application]) -> Callable[[Any], Any]:
    def make(stock: Any) -> Any:
        async def run_asgi(protocol: Any) -> Any:
            protocol.app = traced(protocol.app)
            return await stock(protocol)

        return run_asgi

    return make


def _hypercorn(traced: Callable[[Application], Application]) -> Callable[[Any], Any]:
    def make(stock: Any) -> Any:
        async def __call__(wrapper: Any, scope: Any, receive: Any, send: Any, *calls: Any) -> Any:
            def application(scope: Any, receive: Any, send: Any) -> Any:
                return stock(wrapper, scope, receive, send, *calls)

            return await traced(application)(scope, receive, send)

        return __call__

    return make


def _daphne(traced: Callable[[Application], Application]) -> Callable[[Any], Any]:
    def make(stock: Any) -> Any:
        def create_application(server: Any, protocol: Any, scope: Any) -> Any:
            application = server.application
            call = traced(application)
            server.application = call
            try:
                return stock(server, protocol, scope)
            finally:
                server.application = application

        return create_application

    return make


def _granian(traced: Callable[[Application], Application]) -> Callable[[Any], Any]:
    def make(stock: Any) -> Any:
        def wrap(callback: Application, *options: Any, **named: Any) -> Any:
            return stock(traced(callback), *options, **named)

        return wrap

    return make
