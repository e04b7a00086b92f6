"""A request's claim to a thread, which it takes at the first work that needs one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from overlap.lean.thread_pool import Pool, Worker
from overlap.lean.thread_state import is_fit, tidy


class Lease(Executor):
    """The executor of one request: asgiref submits to it whatever is thread-sensitive.

    Calls run one at a time, in order, on one thread, which no other request has meanwhile.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._worker: Worker | None = None
        self._prepare: Callable[[], None] | None = None
        self._ended = False
        self._submitted = 0
        self._ran = 0  # written by the worker's thread only
        self._tidied = 0  # how many calls had run when the thread was last made fit
        self._fit = False
        # A loop of another thread may carry the request's context, and submit too.
        self._lock = threading.Lock()

    @property
    def taken(self) -> bool:
        """Whether the request has had a thread at all."""
        return self._submitted > 0

    @property
    def at_rest(self) -> bool:
        """Whether nothing runs or waits in the thread, if there is one."""
        return self._submitted == self._ran

    def prepare(self, work: Callable[[], None]) -> None:
        """Have `work` done in the thread before anything else, if one is ever taken."""
        self._prepare = work

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in the request's thread. Raises RuntimeError once the request has ended."""
        with self._lock:
            if self._ended:
                raise RuntimeError("cannot schedule new futures after the request's end")
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
        finally:
            self._fit = is_fit()
            self._ran += 1

    def tidying(self, work: Callable[[], None]) -> Callable[[], None]:
        """`work`, and the thread made fit for the next request in the same go."""

        def work_and_tidy() -> None:
            try:
                work()
            finally:
                tidy()
            self._tidied = self._ran + 1  # this call is counted once it is over

        return work_and_tidy

    async def end(self) -> None:
        """Give the thread back, once everything that was submitted is over."""
        with self._lock:
            self._ended = True
            worker, self._worker = self._worker, None
        if worker is None:
            return
        if not (self.at_rest and (self._fit or self._ran == self._tidied)):
            try:
                await asyncio.shield(asyncio.wrap_future(worker.submit(tidy)))
            except Exception:
                worker.retire()
                return
        self._pool.give(worker)
