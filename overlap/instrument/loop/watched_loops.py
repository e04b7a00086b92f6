"""Which loops are watched: each that serves a request, from its first one on."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress

from overlap.instrument.loop.watchdog import Watchdog
from overlap.instrument.tasks.interrupted_tasks import watch_cut
from overlap.instrument.tasks.plain_tasks import watch_dropped
from overlap.lens import Lenses


class Watch:
    """The watchdogs of one process, one a loop."""

    def __init__(self, threshold_s: float, *, lenses: Lenses | None = None) -> None:
        self._threshold = threshold_s
        self._lenses = lenses
        self._watchdogs: list[Watchdog] = []
        self._undo = ExitStack()
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
        for watch in (watch_dropped, watch_cut):
            with suppress(AttributeError):  # a loop of another making
                self._undo.callback(watch(loop))
        watchdog = Watchdog(loop, self._threshold, self._lenses)
        self._watchdogs.append(watchdog)
        watchdog.start()

    def watch_running(self) -> None:
        """Watch the running loop, if one runs in this thread. Called at each request."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self.watch(loop)

    async def begin(self) -> None:
        """Watch the running loop, and go on once its watchdog looks: before, it sees no block."""
        self.watch_running()
        loop = asyncio.get_running_loop()
        for watchdog in [*self._watchdogs]:
            # A turn of the loop is what this waits for, and an event would take two.
            while watchdog.loop is loop and not watchdog.begun:  # noqa: ASYNC110
                await asyncio.sleep(0)

    def answer(self) -> None:
        """Say on a loop's thread that its code runs on: what held it up until now is over.

        Else that is seen at its next turn, which whoever asks now does not wait for.
        """
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            for watchdog in self._watchdogs:
                if watchdog.loop is loop and watchdog.begun:
                    watchdog.answer()

    def stop(self) -> None:
        """End every watchdog."""
        for watchdog in self._watchdogs:
            watchdog.stop()
        self._watchdogs.clear()
        self._undo.close()
        if self._lenses is not None:
            self._lenses.off()
        self._last = None
