"""Read the traces of a time range from a backend, in windows that its search can answer whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx

from overlap.backend import Backend
from overlap.errors import OverlapError
from overlap.survey.shuffle.parts import SpanSink
from overlap.survey.sources.query import Query

DEPTH = 200
"""The most traces of one search. One that finds as many is repeated for both halves of its time."""
SHORTEST_NS = 1_000_000
IN_FLIGHT = 4
"""The most searches at once: a backend has others to serve."""
WINDOWS = 4
"""Into how many windows the range is divided at first."""
HOUR_NS = 3_600_000_000_000


def read_backend(
    url: str,
    query: Query,
    parts: SpanSink,
    say: Callable[[str], None],
    transport: httpx.AsyncBaseTransport | None = None,
) -> list[str]:
    """Read traces into parts; return a sentence for each window that could not be read.

    Raise OverlapError if the backend answers no search at all.
    """
    return asyncio.run(_Reading(url, query, parts, say).read(transport))


class _Reading:
    """The searches of one backend. A trace may be found by several; its spans count once."""

    def __init__(self, url: str, query: Query, parts: SpanSink, say: Callable[[str], None]) -> None:
        self._url, self._query, self._parts, self._say = url, query, parts, say
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._ids: set[str] = set()
        """Of the traces that were read, if only so many are wanted."""
        self._found = self._answered = 0
        self._unread: list[str] = []

    async def read(self, transport: httpx.AsyncBaseTransport | None) -> list[str]:
        end = time.time_ns() if self._query.end_ns is None else self._query.end_ns
        start = end - HOUR_NS if self._query.start_ns is None else self._query.start_ns
        async with Backend(self._url, transport=transport) as backend:
            service = self._query.service
            names = [service] if service else await backend.services()
            step = max(1, -(-(end - start) // WINDOWS))
            await asyncio.gather(
                *(
                    self._look(backend, name, low, min(end, low + step))
                    for name in names
                    for low in range(start, end, step)
                )
            )
        if self._unread and not self._answered:
            raise OverlapError(self._unread[0])
        return self._unread

    async def _look(self, backend: Backend, name: str, start: int, end: int) -> None:
        limit = self._query.limit
        if limit is not None and len(self._ids) >= limit:
            return
        depth = DEPTH if limit is None else limit
        try:
            async with self._places:
                traces = await backend.search(name, start=start, end=end, depth=depth)
        except OverlapError as error:
            self._unread.append(f"{name}: {error}")
            return
        self._answered += 1
        if len(traces) >= DEPTH and end - start > SHORTEST_NS and limit is None:
            middle = (start + end) // 2
            await asyncio.gather(
                self._look(backend, name, start, middle), self._look(backend, name, middle, end)
            )
            return
        for trace in traces:
            if limit is not None:
                if len(self._ids) >= limit and trace.trace_id not in self._ids:
                    continue
                self._ids.add(trace.trace_id)
            self._parts.add(trace.spans)
        self._found += len(traces)
        self._say(f"{self._url}: {self._found:,} traces")
        if limit is None and len(traces) >= DEPTH:
            self._unread.append(
                f"{name}: more than {DEPTH} traces in a millisecond; the rest is omitted"
            )
