"""Let a worker of hypercorn end by itself when its parent sends it SIGTERM.

hypercorn's parent asks its workers to end by an event. As soon as the first of them has ended it
sends SIGTERM to the others, and again as it ends itself. By default that ends a process at once:
with requests in flight, background work and telemetry not sent. Here a worker finishes what it has
begun, in limited time. Before its loop has started, the signal ends it as ever.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

from overlap.runtime.stop_signals import end_by_sigterm, is_sigterm_default

FLUSH_S: Final = 5.0
"""Seconds for the last telemetry, after those for background work."""


class WorkerSigterm:
    """The handler of SIGTERM in one worker.

    finish: drains the process and sends its last telemetry, on the loop.
    timeout_s: seconds for background work. The process ends at the latest FLUSH_S after them.
    """

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]], timeout_s: float) -> None:
        self._finish = finish
        self._timeout_s = timeout_s
        self._received = False
        self._task: asyncio.Task[None] | None = None  # asyncio itself keeps tasks weakly

    def install(self) -> None:
        """Handle SIGTERM, where this is the main thread of hypercorn's worker and nobody does."""
        if (
            multiprocessing.parent_process() is not None
            and "hypercorn" in sys.modules
            and is_sigterm_default()
        ):
            signal.signal(signal.SIGTERM, self._handle)

    def remove(self) -> None:
        """Give the signal back, where it is ours. Only the main thread can do that."""
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) == self._handle
        ):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _handle(self, _number: int, _frame: object) -> None:
        if self._received:
            return
        self._received = True
        limit = threading.Timer(self._timeout_s + FLUSH_S, os._exit, (128 + signal.SIGTERM,))
        limit.daemon = True
        limit.start()
        # Without a running loop the worker has reached its end, and does the same there.
        if (loop := asyncio._get_running_loop()) is not None:
            loop.call_soon_threadsafe(self._start, loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._finish_and_end())

    async def _finish_and_end(self) -> None:
        await self._finish()
        # hypercorn cancels this where its worker ends meanwhile, by itself.
        end_by_sigterm()
