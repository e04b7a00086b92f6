"""Many requests in flight, on connections that are opened before the clock starts.

This measures how a server handles its requests, not how fast a client connects: a thousand
connections cost a Python client a third of a second. For the same reason the client is a
protocol of a few lines, on uvloop if it is installed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from overlap.bench.load.loader import SPARE_FILES, allow_files

CONNECT_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Flight:
    """The result of all requests."""

    wall_s: float
    """From the first request sent to the end of the last answer."""
    seconds: list[float]
    """Of each answer with status 200: from its request sent to its end."""
    failed: int


def in_flight(url: str, count: int, *, timeout_s: float) -> Flight:
    """Send `count` GETs at once. Raise OSError if the server can't be reached."""
    allow_files(count + SPARE_FILES)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_send_all(url, count, timeout_s))


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._sent = 0.0
        self._answer = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, request: bytes) -> None:
        self._sent = time.perf_counter()
        # uvloop's transports do not inherit from asyncio's.
        cast("asyncio.WriteTransport", self._transport).write(request)

    def data_received(self, data: bytes) -> None:
        self._answer = self._answer or data

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            # The request asks the server to close the connection after its answer.
            is_ok = self._answer.startswith(b"HTTP/1.1 200 ")
            self.done.set_result(time.perf_counter() - self._sent if is_ok else None)

    def give_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if not self.done.done():
            self.done.set_result(None)


async def _send_all(url: str, count: int, timeout_s: float) -> Flight:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = (
        f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    ).encode("ascii")
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_WITHIN_S):
        connected = await asyncio.gather(
            *(loop.create_connection(_Client, host, port) for _ in range(count))
        )
    clients = [client for _, client in connected]
    began = time.perf_counter()
    for client in clients:
        client.send(request)
    await asyncio.wait([client.done for client in clients], timeout=timeout_s)
    wall_s = time.perf_counter() - began
    for client in clients:
        client.give_up()
    taken = [seconds for client in clients if (seconds := client.done.result()) is not None]
    return Flight(wall_s, taken, count - len(taken))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
