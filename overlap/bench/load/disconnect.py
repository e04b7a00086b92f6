"""Clients that disconnect before their response is complete."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from overlap.bench.load.loader import SPARE_FILES, allow_files
from overlap.bench.server.process import Server

ENTERED_WITHIN_S = 10.0
MIDDLE_S = 0.3
"""After the last request was received, so that each is inside its view."""


async def disconnect(server: Server, path: str, count: int) -> int:
    """Send `count` requests and disconnect. Return how many were unanswered at that time."""
    allow_files(count + SPARE_FILES)
    parts = urlsplit(server.url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode("ascii")
    expected = server.served() + count
    clients = await asyncio.gather(*(_ask(host, port, request) for _ in range(count)))
    try:
        deadline = time.monotonic() + ENTERED_WITHIN_S
        while await asyncio.to_thread(server.served) < expected and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # it is another process, which can't set an event here
        await asyncio.sleep(MIDDLE_S)
        return sum(not answer.done() for _, answer in clients)
    finally:
        for writer, answer in clients:
            answer.cancel()
            writer.close()
        await asyncio.gather(*(answer for _, answer in clients), return_exceptions=True)


async def _ask(
    host: str, port: int, request: bytes
) -> tuple[asyncio.StreamWriter, asyncio.Task[bytes]]:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    return writer, asyncio.create_task(reader.read(1))
