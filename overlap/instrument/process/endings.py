"""Drain background work and send the last telemetry, however a process ends.

Each way to end a server has its own moment: uvicorn's shutdown (before it raises SIGTERM again),
the end of asyncio.run (hypercorn, gunicorn, scripts), the exit of the main thread (daphne, granian,
whose loops just stop). Whichever is first does it. ASGI's lifespan is not needed: Django refuses
it, and that is left as it is, with what servers log of it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from overlap.instrument.process.loop_end import drain_at_loop_end, run_drain
from overlap.instrument.process.loop_start import OnStart, observe_loop_starts
from overlap.instrument.process.process_exit import before_exit
from overlap.instrument.process.uvicorn_shutdown import drain_at_uvicorn_shutdown
from overlap.instrument.process.worker_sigterm import WorkerSigterm
from overlap.instrument.tasks.drain import drain, loops


class Endings:
    """The endings of one process. `flush` and `shutdown` block; `shutdown` undoes everything."""

    def __init__(
        self, timeout_s: float, flush: Callable[[], None], shutdown: Callable[[], None]
    ) -> None:
        self._timeout_s = timeout_s
        self._flush = flush
        self._shutdown = shutdown
        self._undo = ExitStack()
        self._is_active = True
        self._is_last = False  # the process ends, and not only its instrumentation
        self._sigterm = WorkerSigterm(self._drain_process, timeout_s)

    def install(self, on_loop_start: OnStart) -> Callable[[], None]:
        """Observe loops, uvicorn and the exit; return a function that undoes it."""

        def loop_started(loop: asyncio.AbstractEventLoop, frame: FrameType) -> None:
            self._sigterm.install()
            on_loop_start(loop, frame)

        self._undo.callback(observe_loop_starts(loop_started))
        self._undo.callback(drain_at_loop_end(self._drain_loop))
        self._undo.callback(drain_at_uvicorn_shutdown(self._drain_uvicorn, self._force))
        self._undo.callback(before_exit(self._drain_at_exit))
        return self._close

    def _close(self) -> None:
        self._is_active = False
        if not self._is_last:  # until the last telemetry is sent, SIGTERM must not end the process
            self._sigterm.remove()
        self._undo.close()

    async def _drain_process(self) -> None:
        self._is_last = True
        await drain(self._timeout_s)
        # In a thread: the last flush may take seconds, and tasks may still be running.
        await asyncio.to_thread(self._shutdown)

    async def _drain_loop(self) -> None:
        # asyncio.run reports the plain tasks that it cancels (interrupted_tasks).
        await drain(self._timeout_s, report_plain=False)

    async def _drain_uvicorn(self, process_ends: bool) -> None:
        if not self._is_active:
            return  # another ending was first
        if process_ends:
            await self._drain_process()
        else:  # a server in a thread, of a test for instance: the process goes on
            await self._drain_loop()
            await asyncio.to_thread(self._flush)

    def _force(self) -> None:
        # A second Ctrl-C: nothing is waited for, what runs is cancelled and reported.
        self._timeout_s = 0.0

    def _drain_at_exit(self) -> None:
        self._is_last = True
        for loop in loops():
            run_drain(loop, self._drain_loop)
        if multiprocessing.parent_process() is not None:
            self._shutdown()  # a forked worker runs no atexit functions
