"""The pocket process: an OTLP server and a page server on one event loop, over one store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from overlap.config import Config
from overlap.errors import OverlapError
from overlap.pocket.access import AccessMiddleware
from overlap.pocket.api import jaeger
from overlap.pocket.ingest import receiver
from overlap.pocket.ingest.grpc_receiver import GrpcReceiver, is_installed
from overlap.pocket.last_guard import LastGuard
from overlap.pocket.pages import handlers
from overlap.pocket.pages.contents import Contents
from overlap.pocket.pages.files import session
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import MAX_BYTES, MAX_SPANS, Store
from overlap.pocket.survey.live_survey import KEPT_MINUTES
from overlap.ports import describe_listener
from overlap.recording import Summary
from overlap.runtime.stop_signals import on_stop_signals

OTLP_PORT, GRPC_PORT = 4318, 4317


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the pocket backend."""

    host: str = "127.0.0.1"
    otlp_port: int = OTLP_PORT
    port: int = 16686
    max_spans: int = MAX_SPANS
    max_bytes: int = MAX_BYTES
    grpc_port: int | None = None
    """The port of OTLP by gRPC; None: 4317 beside 4318 if it is free and grpcio is installed."""
    load: tuple[Path, ...] = ()
    """Sessions to show from the start."""
    save: Path | None = None
    """Where to save all traces at the end."""
    survey_minutes: int = KEPT_MINUTES
    recording: Summary | None = None
    """Of the flight recorder, whose requests were loaded; it has a page."""


class _Server(uvicorn.Server):
    """A uvicorn server without signal handlers, because two of them share the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    options: Options, config: Config, *, ready: Callable[[str, str, str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `ready(otlp_url, page_url, grpc)` is called once all listen.

    `grpc` is the address of OTLP by gRPC, or a sentence that says why there is none; empty if
    none was asked for. Raises OverlapError if a port is in use, or a session can't be read.
    """
    store, telemetry = Store(options.max_spans, options.max_bytes), Telemetry()
    for path in options.load:
        session.load(store, path)
    if options.save is not None:
        session.check(options.save)
    otlp_socket = listen(options.host, options.otlp_port, "--otlp-port")
    page_socket = listen(options.host, options.port, "--port")
    otlp_url, page_url = url(otlp_socket), url(page_socket)
    contents = Contents(
        store, telemetry, config, otlp_url=otlp_url, page_url=page_url,
        survey_minutes=options.survey_minutes, recording=options.recording,
    )  # fmt: skip
    routes = receiver.routes(store, telemetry), [*jaeger.routes(store), *handlers.routes(contents)]
    servers = [
        server(
            AccessMiddleware(
                LastGuard(Starlette(routes=each), store.counts), options.host, config.start_hint
            )
        )
        for each in routes
    ]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        contents.event_hub.close()
        for each in servers:
            each.should_exit = True

    receiver_by_grpc, grpc = await _listen_grpc(options, store, telemetry)
    undo = on_stop_signals(loop, stop)
    surveying = loop.create_task(contents.survey.run())
    if ready is not None:
        ready(otlp_url, page_url, grpc)
    try:
        await asyncio.gather(
            servers[0].serve(sockets=[otlp_socket]), servers[1].serve(sockets=[page_socket])
        )
    finally:
        undo.close()
        surveying.cancel()
        await contents.play_queue.close()
        if receiver_by_grpc is not None:
            await receiver_by_grpc.stop()
        if options.save is not None:
            session.save(store, options.save)


async def _listen_grpc(
    options: Options, store: Store, telemetry: Telemetry
) -> tuple[GrpcReceiver | None, str]:
    """Return the receiver and its address; without one, why not, unless nobody asked for it."""
    asked = options.grpc_port is not None
    if not asked and (options.otlp_port != OTLP_PORT or not is_installed()):
        return None, ""
    port = GRPC_PORT if options.grpc_port is None else options.grpc_port
    try:
        if port:
            listen(options.host, port, "--grpc-port").close()  # it names who uses the port
        found = GrpcReceiver(store, telemetry)
        return found, await found.start(options.host, port)
    except OverlapError as error:
        if asked:
            raise
        return None, f"off: {error}"


def listen(host: str, port: int, option: str) -> socket.socket:
    """Bind a port. Raises OverlapError that names the process that uses it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # on Windows it would let two servers share the port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except (OSError, OverflowError) as error:
        sock.close()
        if isinstance(error, OSError) and error.errno in _IN_USE:
            owner = describe_listener(port)
            raise OverlapError(
                f"port {port} is in use{f' by {owner}' if owner else ''}: "
                f"choose another with {option}"
            ) from None
        raise OverlapError(f"can't listen on {host}:{port}: {error}") from None
    sock.setblocking(False)
    return sock


_IN_USE = frozenset({98, 48, 10048})  # EADDRINUSE on Linux, macOS and Windows


def server(app: AccessMiddleware) -> _Server:
    """Return a server that leaves signals to its caller."""
    return _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )


def url(sock: socket.socket) -> str:
    """Return the URL of a listening socket, as seen from this machine."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
