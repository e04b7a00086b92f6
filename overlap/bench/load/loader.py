"""Many concurrent requests from a cheap client: it shares the machine with the server.

A plain HTTP/1.1 GET on its own connection costs a tenth of a full client's request; the work of
a thousand full clients would be measured as slowness of the server.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

SPARE_FILES = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request."""

    trace_id: str
    status: int
    """The HTTP status; 0 if there was no answer."""
    seconds: float


async def get(url: str, *, timeout_s: float) -> Answer:
    """GET `url` in a new, sampled trace. Never raise for an error of the server."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            status = await _status(url, f"00-{trace_id}-{span_id}-01")
    except (OSError, TimeoutError, ValueError):
        status = 0
    return Answer(trace_id, status, time.perf_counter() - started)


async def burst(url: str, count: int, *, timeout_s: float) -> tuple[list[Answer], float]:
    """Send `count` GETs at once. Return the answers and the seconds until the last one."""
    allow_files(count + SPARE_FILES)
    started = time.perf_counter()
    answers = await asyncio.gather(*(get(url, timeout_s=timeout_s) for _ in range(count)))
    return answers, time.perf_counter() - started


def allow_files(count: int) -> None:
    """Raise this process's limit of open files to `count`, within its hard limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _status(url: str, traceparent: str) -> int:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"traceparent: {traceparent}\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        answer = await reader.read()
        return int(answer.split(b" ", 2)[1]) if answer else 0
    finally:
        writer.close()
