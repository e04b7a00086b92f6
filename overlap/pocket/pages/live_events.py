"""Server-sent events: every open page is notified of changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

LISTENERS = 32
"""The most pages that may listen at once; further pages work, but are not live."""
PENDING = 200
"""Topics stored for a page that reads slowly; with more, it reloads everything."""
PACE_S = 0.25
"""Seconds between two messages to a page: a burst of batches is one message."""
KEEPALIVE_S = 15.0
ALL = "*"


class EventHub:
    """Publishes topics to listeners. Memory per listener is bounded, even if it reads slowly."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether the limit of listeners is reached."""
        return len(self._listeners) >= LISTENERS

    def publish(self, topics: Iterable[str]) -> None:
        """Notify every listener that these topics changed."""
        if not self._listeners:
            return
        topics = set(topics)
        for listener in self._listeners:
            listener.add(topics)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed.set()
        self.publish([ALL])

    async def stream(self) -> AsyncIterator[str]:
        """Yield server-sent events until the hub is closed."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield "retry: 2000\n\n"
            while not self._closed.is_set():
                topics = await listener.take()
                if self._closed.is_set():
                    break
                # A closed page is noticed only by writing to it.
                message = (
                    f"event: change\ndata: {json.dumps(topics)}\n\n"
                    if topics
                    else ": keepalive\n\n"
                )
                yield message
                await asyncio.sleep(PACE_S)
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._some = asyncio.Event()

    def add(self, topics: set[str]) -> None:
        self._topics |= topics
        if len(self._topics) > PENDING:
            self._topics = {ALL}
        self._some.set()

    async def take(self) -> list[str]:
        """Wait for topics; return an empty list after KEEPALIVE_S seconds without any."""
        try:
            await asyncio.wait_for(self._some.wait(), KEEPALIVE_S)
        except TimeoutError:
            return []
        topics, self._topics = sorted(self._topics), set()
        self._some.clear()
        return topics
