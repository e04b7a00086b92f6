"""When full garbage collections ran. They pause the process, and no line of code is at fault."""

from __future__ import annotations

import gc
import time
from collections import deque
from typing import Any

_OLDEST = 2
"""Only full collections take long enough to matter."""
_MOST = 64
"""The most collections that are remembered one by one; blocks end long before so many."""


class GarbageClock:
    """Times full collections, in whichever thread they ran."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._since_ns = 0
        self._last: deque[tuple[int, int]] = deque(maxlen=_MOST)

    def start(self) -> None:
        """Start measuring."""
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Stop measuring."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)

    @property
    def seconds(self) -> float:
        """How long all of them took, with one that runs now, or whose end is about to be noted."""
        since, seconds = self._since_ns, self._seconds
        return seconds + (time.time_ns() - since) / 1e9 if since else seconds

    def within(self, begin_ns: int, end_ns: int) -> float:
        """Return the seconds of full collections between two times of time.time_ns()."""
        return sum(
            max(0, min(end_ns, ended) - max(begin_ns, began)) / 1e9
            for began, ended in tuple(self._last)
        )

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        if info["generation"] != _OLDEST:
            return
        now = time.time_ns()
        if phase == "start":
            self._since_ns = now
        elif self._since_ns:
            self._seconds += (now - self._since_ns) / 1e9
            self._last.append((self._since_ns, now))
            self._since_ns = 0
