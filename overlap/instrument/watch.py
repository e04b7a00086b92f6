"""Which loops are watched: each that serves a request, from its first one on."""

from __future__ import annotations

import asyncio

from overlap.instrument.loop import Watchdog


class Watch:
    """The watchdogs of one process, one a loop."""

    def __init__(self, threshold_s: float) -> None:
        self._threshold = threshold_s
        self._watchdogs: list[Watchdog] = []
        self._last: asyncio.AbstractEventLoop | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch `loop`, if it is not watched already. From any thread."""
        if loop is self._last:
            return
        self._last = loop
        for watchdog in [*self._watchdogs]:
            if watchdog.loop is loop:
                return
            if watchdog.loop.is_closed():
                self._watchdogs.remove(watchdog)
        watchdog = Watchdog(loop, self._threshold)
        self._watchdogs.append(watchdog)
        watchdog.start()

    def watch_running(self) -> None:
        """Watch the running loop, if one runs in this thread. Called at each request."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self.watch(loop)

    def stop(self) -> None:
        """End every watchdog."""
        for watchdog in self._watchdogs:
            watchdog.stop()
        self._watchdogs.clear()
        self._last = None
