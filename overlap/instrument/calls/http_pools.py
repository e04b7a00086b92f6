"""How full httpx's connection pools are: connections in use and idle, and requests that wait.

The pools are httpcore's, known from their first request on. Connections are counted by the server
that they are open to, as OpenTelemetry's conventions do; the limit is that of all pools together,
as one pool serves many servers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import ModuleType
from typing import Any
from weakref import WeakSet

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames
from overlap.runtime.when_imported import when_imported

SERVERS = 50
"""Servers with series of their own; the others are counted together."""
OTHER = "other"
Server = tuple[str, int]
_KINDS = (
    ("AsyncConnectionPool", "handle_async_request"),
    ("ConnectionPool", "handle_request"),
)
_ORIGINS = ("_remote_origin", "_origin", "_proxy_origin")
_WHAT = "a pool of HTTP connections is not measured"


class HttpPools:
    """The pools of this process, from `install` until its undoing."""

    def __init__(self) -> None:
        self._pools: WeakSet[Any] = WeakSet()
        self._servers: set[Server] = set()

    def install(self) -> Callable[[], None]:
        """Notice each pool at its first request; return a function that undoes it."""
        return when_imported("httpcore", self._watch)

    def _watch(self, module: ModuleType, undo: ExitStack) -> None:
        pools = self._pools

        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def handle(self: Any, *args: Any, **named: Any) -> Any:
                if self not in pools:
                    guarded(_WHAT, pools.add, self)
                try:
                    return stock(self, *args, **named)
                except BaseException as error:
                    hide_frames(error)
                    raise

            return handle

        for kind, method in _KINDS:
            undo.callback(replace_method(getattr(module, kind), method, make))

    def report(self, meter: Meter) -> None:
        """Report the figures of all pools."""
        meter.create_observable_up_down_counter(
            names.METRIC_HTTP_CONNECTIONS,
            [self._connections],
            "{connection}",
            "Open connections of HTTP clients.",
        )
        meter.create_observable_up_down_counter(
            names.METRIC_HTTP_CONNECTIONS_MAX,
            [self._most],
            "{connection}",
            "The most connections that the pools of HTTP clients may have.",
        )
        meter.create_observable_up_down_counter(
            names.METRIC_HTTP_PENDING,
            [self._pending],
            "{request}",
            "Requests of HTTP clients that wait for a connection.",
        )

    def _connections(self, _options: CallbackOptions) -> Iterable[Observation]:
        counts: Counter[tuple[Server, str]] = Counter()
        for pool in [*self._pools]:
            for connection in [*pool._connections]:
                if not connection.is_closed():
                    state = names.HTTP_IDLE if connection.is_idle() else names.HTTP_ACTIVE
                    counts[self._server(_origin(connection)), state] += 1
        for server in self._known(server for server, _ in counts):
            for state in (names.HTTP_ACTIVE, names.HTTP_IDLE):
                where = {**_where(server), names.HTTP_CONNECTION_STATE: state}
                yield Observation(counts[server, state], where)

    def _pending(self, _options: CallbackOptions) -> Iterable[Observation]:
        counts: Counter[Server] = Counter()
        for pool in [*self._pools]:
            for request in [*pool._requests]:
                counts[self._server(request.request.url.origin)] += request.is_queued()
        for server in self._known(counts):
            yield Observation(counts[server], _where(server))

    def _most(self, _options: CallbackOptions) -> Iterable[Observation]:
        if pools := [*self._pools]:
            yield Observation(sum(pool._max_connections for pool in pools))

    def _server(self, origin: Any) -> Server:
        server = (origin.host.decode("ascii", "replace"), origin.port or 0)
        if server not in self._servers and len(self._servers) >= SERVERS:
            server = (OTHER, 0)
        self._servers.add(server)
        return server

    def _known(self, seen: Iterable[Server]) -> list[Server]:
        """Return all servers of now and before: a counter without a value would keep its last."""
        return sorted(self._servers.union(seen))


def _origin(connection: Any) -> Any:
    """Return the server that a connection leads to, through a proxy or not."""
    found = (getattr(connection, name, None) for name in _ORIGINS)
    return next(each for each in found if each is not None)


def _where(server: Server) -> dict[str, str | int]:
    address, port = server
    return {names.SERVER_ADDRESS: address, **({names.SERVER_PORT: port} if port else {})}
