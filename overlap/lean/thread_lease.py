"""The executor of one request, which borrows a pooled thread for the first call that needs it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from overlap.lean.connection_reset import needs_no_reset, reset_connections
from overlap.lean.thread_pool import Pool, Worker
from overlap.runtime.guard import hide_frames


class Lease(Executor):
    """The executor to which asgiref submits the thread-sensitive calls of one request.

    Calls run one at a time, in order, on one thread, which no other request uses meanwhile.
    Calls after the request's end come from tasks that outlive it. They run in a second thread,
    which is not pooled: it ends, and closes its connections, when the last of these tasks has
    ended and nothing references the request's context any more. Stock Django ends that thread
    too, but leaves its connections to the garbage collector.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._worker: Worker | None = None
        self._prepare: Callable[[], None] | None = None
        self._background: _Background | None = None
        self.ended = False
        """Whether the request has ended."""
        self._submitted = 0
        self._ran = 0  # written by the worker thread only
        self._reset_after = 0  # how many calls had run when the connections were last reset
        self._needs_no_reset = False
        # The loop of another thread may have the request's context, and submit too.
        self._lock = threading.Lock()

    @property
    def taken(self) -> bool:
        """Whether the request has used a thread at all."""
        return self._submitted > 0

    @property
    def idle(self) -> bool:
        """Whether no call runs or is queued in the thread, if there is one."""
        return self._submitted == self._ran

    def prepare(self, work: Callable[[], None]) -> None:
        """Run `work` in the thread before any other call, if the request ever takes one."""
        self._prepare = work

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in the request's thread, or in the one for background work after its end."""
        with self._lock:
            if self.ended:
                if self._background is None:
                    self._background = _Background()
                return self._background.worker.submit(fn, *args, **kwargs)
            if self._worker is None:
                self._worker = self._pool.take()
            self._submitted += 1
            return self._worker.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        try:
            if self._prepare is not None:
                self._prepare()
                self._prepare = None
            return fn(*args, **kwargs)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            self._needs_no_reset = needs_no_reset()
            self._ran += 1

    def with_reset(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return a function that runs `work` and resets the connections in the same call."""

        def work_and_reset() -> None:
            try:
                work()
            finally:
                reset_connections()
            self._reset_after = self._ran + 1  # this call is counted when it has ended

        return work_and_reset

    async def end(self) -> None:
        """Return the thread to the pool when every submitted call has ended."""
        with self._lock:
            self.ended = True
            self._prepare = None  # it references the context that keeps this lease
            worker, self._worker = self._worker, None
        if worker is None:
            return
        if not (self.idle and (self._needs_no_reset or self._ran == self._reset_after)):
            try:
                await asyncio.shield(asyncio.wrap_future(worker.submit(reset_connections)))
            except Exception:
                worker.retire()
                return
        self._pool.give(worker)


class _Background:
    """The thread of a lease for work that outlives the request.

    Apart from the lease, of which each request has one: `__del__` costs something even where it
    does nothing.
    """

    def __init__(self) -> None:
        self.worker = Worker()

    def __del__(self) -> None:
        # Where a cycle or a traceback references the context, the garbage collector calls this.
        self.worker.retire()
