"""The loops that are watched, each by a watchdog of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import ExitStack, suppress
from types import FrameType
from weakref import WeakSet

from overlap.instrument.loop.loop_futures import mark_loop_futures
from overlap.instrument.loop.watchdog import Watchdog
from overlap.instrument.tasks.interrupted_tasks import watch_interrupted_tasks
from overlap.instrument.tasks.plain_tasks import watch_plain_tasks
from overlap.lens import Lenses
from overlap.recorder.active import start_in_child
from overlap.recorder.loop_steps import record_steps

LONG_LIVED_S = 0.5
"""A loop that lives this long is a server's or a worker's, and is watched from then on."""
MAX_LOOPS = 16
"""How many loops of a process are watched at once. Under WSGI each request of an async view has a
loop of its own, and a watchdog for each of some hundred slow requests takes the processor's time
that they need. A loop with one request delays no other one."""


class WatchedLoops:
    """The watchdogs of one process, one for each loop."""

    def __init__(self, threshold_s: float, *, lenses: Lenses | None = None) -> None:
        self._threshold = threshold_s
        self._lenses = lenses
        self._watchdogs: list[Watchdog] = []
        self._undo = ExitStack()
        self._last: asyncio.AbstractEventLoop | None = None
        self._is_first = True
        self._started: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._lock = threading.Lock()

    def loop_started(self, loop: asyncio.AbstractEventLoop, base: FrameType) -> None:
        """Watch the process's first loop at once, others when they live long. On its thread.

        A sync view may run a short loop for each request (async_to_sync), and a watchdog is a
        thread.
        """
        if loop in self._started:
            return
        self._started.add(loop)
        is_first, self._is_first = self._is_first, False
        if is_first:
            with self._lock:
                self._watch(loop, base)
        else:
            loop.call_later(LONG_LIVED_S, self.watch, loop)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch `loop`, unless it is watched already. From any thread."""
        if loop is not self._last:
            with self._lock:
                self._watch(loop)

    def _watch(self, loop: asyncio.AbstractEventLoop, base: FrameType | None = None) -> None:
        self._is_first = False
        self._last = loop
        if not self._watchdogs:
            self._undo.callback(mark_loop_futures())
        for watchdog in [*self._watchdogs]:
            if watchdog.loop is loop:
                return
            if watchdog.loop.is_closed():
                self._watchdogs.remove(watchdog)
        if len(self._watchdogs) >= MAX_LOOPS:
            return
        start_in_child()
        for watch in (watch_plain_tasks, watch_interrupted_tasks, record_steps):
            with suppress(AttributeError):  # a loop that takes no attributes
                self._undo.callback(watch(loop))
        watchdog = Watchdog(loop, self._threshold, self._lenses)
        self._watchdogs.append(watchdog)
        watchdog.start(base)

    def watch_running(self) -> None:
        """Watch the running loop, if one runs in this thread. Called for each request."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self.watch(loop)

    async def begin(self) -> None:
        """Watch the running loop, and wait until its watchdog has started."""
        self.watch_running()
        loop = asyncio.get_running_loop()
        for watchdog in [*self._watchdogs]:
            # This waits for one turn of the loop; an event would take two.
            while watchdog.loop is loop and not watchdog.is_watching:  # noqa: ASYNC110
                await asyncio.sleep(0)

    def mark_turn(self) -> None:
        """Record on a loop's thread that it runs: a block until now is over.

        Without this call that is seen at the loop's next turn.
        """
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            for watchdog in self._watchdogs:
                if watchdog.loop is loop and watchdog.is_watching:
                    watchdog.mark_turn()

    def shares(self) -> list[tuple[str, float]]:
        """Return the name of each loop's thread, and how full that loop is (0 to 1)."""
        loops = [watchdog.utilization for watchdog in [*self._watchdogs]]
        found = [(loop.thread, loop.share(time.perf_counter())) for loop in loops]
        return [(thread, share) for thread, share in found if share is not None]

    def stop(self) -> None:
        """Stop every watchdog."""
        for watchdog in self._watchdogs:
            watchdog.stop()
        self._watchdogs.clear()
        if self._lenses is not None:
            self._lenses.off()  # first: they stand on what records steps
        self._undo.close()
        self._last = None
