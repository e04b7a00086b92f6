"""What happens, told to every open page as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

LISTENERS = 32
"""Pages that may listen at once; the others work without being live."""
PENDING = 200
"""Topics kept for a page that reads slowly; beyond them it is told to reload everything."""
PACE_S = 0.25
"""At most one message a page in this time: a burst of batches is one piece of news."""
KEEPALIVE_S = 15.0
ALL = "*"


class Hub:
    """Topics out to listeners. Memory per listener is bounded, however slowly it reads."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no further page can listen."""
        return len(self._listeners) >= LISTENERS

    def publish(self, topics: Iterable[str]) -> None:
        """Tell every listener that something under these topics changed."""
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
                # A page that went away is noticed only by writing to it.
                news = f"event: change\ndata: {json.dumps(topics)}\n\n" if topics else ": still\n\n"
                yield news
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
        """Wait for topics; an empty list after a while of nothing."""
        try:
            await asyncio.wait_for(self._some.wait(), KEEPALIVE_S)
        except TimeoutError:
            return []
        topics, self._topics = sorted(self._topics), set()
        self._some.clear()
        return topics
