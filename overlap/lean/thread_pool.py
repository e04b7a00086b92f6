"""The pool of idle threads, each with the database connections it keeps."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import Context
from itertools import count
from typing import Any

IDLE_S = 60.0
"""Seconds after which an unused thread ends and closes its connections."""
MAX_IDLE = 32
"""The most idle threads; each may have a connection to every database."""
CLOSE_TIMEOUT_S = 1.0
"""How long `Pool.close` waits for connections to be closed."""

_numbers = count(1)


class Worker:
    """One thread and its queue of calls."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"lean-{next(_numbers)}")
        # The thread starts at the first submit. Where threads inherit the context of their
        # creator (free-threaded 3.14), it would keep the first request's context alive.
        self.submit = Context().run(self._start)
        self.idle_since = 0.0

    def _start(self) -> Callable[..., Future[Any]]:
        self._executor.submit(bool)
        return self._executor.submit

    def retire(self) -> Future[Any]:
        """Close the thread's connections and end it, without waiting for either."""
        from django.db import connections

        try:
            closed = self._executor.submit(connections.close_all)
        except RuntimeError:  # the process is ending, and Python has ended every pool's threads
            closed = Future()
            closed.set_result(None)
        self._executor.shutdown(wait=False)
        return closed


class Pool:
    """The idle workers. It never blocks: if none is idle, `take` creates one."""

    def __init__(self, *, idle_s: float = IDLE_S, max_idle: int = MAX_IDLE) -> None:
        self._idle_s = idle_s
        self._max_idle = max_idle
        self._idle: deque[Worker] = deque()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> Worker:
        """Borrow the thread used last, so that the others reach their idle limit."""
        with self._lock:
            if self._pid != os.getpid():  # a forked child has the list but not the threads
                self._pid = os.getpid()
                self._idle.clear()
            worker = self._idle.pop() if self._idle else None
        return worker or Worker()

    def give(self, worker: Worker) -> None:
        """Return an idle thread. Must be called on an event loop."""
        worker.idle_since = time.monotonic()
        with self._lock:
            is_kept = not self._closed and len(self._idle) < self._max_idle
            if is_kept:
                self._idle.append(worker)
        if is_kept:
            self._schedule_expiry()
        else:
            worker.retire()

    def close(self) -> None:
        """End every idle thread; a borrowed one ends when it is given back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        wait([worker.retire() for worker in idle], CLOSE_TIMEOUT_S)

    def _schedule_expiry(self) -> None:
        # One timer at a time. A timer on a loop that has been closed never fires.
        timer, loop = self._timer, asyncio.get_running_loop()
        if timer is None or timer.cancelled() or timer.when() < loop.time() - self._idle_s:
            # In an empty context: the caller's would keep its request, and all it references.
            self._timer = loop.call_later(self._idle_s, self._expire, context=Context())

    def _expire(self) -> None:
        self._timer = None
        oldest = time.monotonic() - self._idle_s
        expired = []
        with self._lock:
            while self._idle and self._idle[0].idle_since <= oldest:
                expired.append(self._idle.popleft())
            has_more = bool(self._idle)
        for worker in expired:
            worker.retire()
        if has_more:
            self._schedule_expiry()
