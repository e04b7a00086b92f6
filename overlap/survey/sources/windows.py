"""Read the traces of a time range from a backend, in windows that its search can answer whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx

from overlap.backend import Backend
from overlap.errors import OverlapError
from overlap.trace import Trace

DEPTH = 200
"""The most traces of one search. One that finds as many is repeated for both halves of its time."""
SHORTEST_NS = 1_000_000
IN_FLIGHT = 4
"""The most searches at once: a backend has others to serve."""
WINDOWS = 4
"""Into how many windows the range is divided at first."""


async def from_backend(  # noqa: PLR0913, PLR0917
    url: str,
    start_ns: int,
    end_ns: int,
    service: str | None,
    limit: int | None,
    say: Callable[[str], None],
    transport: httpx.AsyncBaseTransport | None = None,
) -> tuple[list[Trace], list[str]]:
    """Return the traces, each once, and a sentence for each window that could not be read.

    Raise OverlapError if the backend answers no search at all.
    """
    found: dict[str, Trace] = {}
    unread: list[str] = []
    places = asyncio.Semaphore(IN_FLIGHT)
    answered = 0

    async def look(backend: Backend, name: str, start: int, end: int) -> None:
        nonlocal answered
        if limit is not None and len(found) >= limit:
            return
        try:
            async with places:
                traces = await backend.search(name, start=start, end=end, depth=DEPTH)
        except OverlapError as error:
            unread.append(f"{name}: {error}")
            return
        answered += 1
        for trace in traces:
            known = found.get(trace.trace_id)
            if known is None or len(known.spans) < len(trace.spans):
                found[trace.trace_id] = trace
        say(f"{url}: {len(found):,} traces")
        if len(traces) >= DEPTH and end - start > SHORTEST_NS:
            middle = (start + end) // 2
            await asyncio.gather(
                look(backend, name, start, middle), look(backend, name, middle, end)
            )
        elif len(traces) >= DEPTH:
            unread.append(f"{name}: more than {DEPTH} traces in a millisecond; the rest is omitted")

    async with Backend(url, transport=transport) as backend:
        names = [service] if service else await backend.services()
        step = max(1, -(-(end_ns - start_ns) // WINDOWS))
        starts = range(start_ns, end_ns, step)
        await asyncio.gather(
            *(
                look(backend, name, start, min(end_ns, start + step))
                for name in names
                for start in starts
            )
        )
    if unread and not answered:
        raise OverlapError(unread[0])
    return list(found.values())[:limit], sorted(unread)
