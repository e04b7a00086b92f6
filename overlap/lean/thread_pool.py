"""Threads that wait for the next request, each with the database connections it kept."""

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
"""Seconds after which a thread that nobody borrowed goes, and its connections with it."""
MAX_IDLE = 32
"""Threads kept at most; each may hold a connection to every database."""
CLOSE_TIMEOUT_S = 1.0
"""How long `Pool.close` waits for connections to be closed."""

_numbers = count(1)


class Worker:
    """One thread, and what it still has to do."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"lean-{next(_numbers)}")
        # The thread starts at the first submit. Where threads inherit the context they are
        # started in, this one would keep the first request's for as long as it lives.
        self.submit = Context().run(self._start)
        self.idle_since = 0.0

    def _start(self) -> Callable[..., Future[Any]]:
        self._executor.submit(bool)
        return self._executor.submit

    def retire(self) -> Future[Any]:
        """Close what the thread holds and let it end; nothing is waited for."""
        from django.db import connections

        closed = self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=False)
        return closed


class Pool:
    """Workers that are idle. It never makes anybody wait: with none idle, `take` makes one."""

    def __init__(self, *, idle_s: float = IDLE_S, max_idle: int = MAX_IDLE) -> None:
        self._idle_s = idle_s
        self._max_idle = max_idle
        self._idle: deque[Worker] = deque()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> Worker:
        """Borrow a thread; the one used last, so that the others can grow old and go."""
        with self._lock:
            if self._pid != os.getpid():  # a fork has the list, and none of the threads
                self._pid = os.getpid()
                self._idle.clear()
            worker = self._idle.pop() if self._idle else None
        return worker or Worker()

    def give(self, worker: Worker) -> None:
        """Give a thread back. Call it on an event loop, and only once the thread is idle."""
        worker.idle_since = time.monotonic()
        with self._lock:
            kept = not self._closed and len(self._idle) < self._max_idle
            if kept:
                self._idle.append(worker)
        if kept:
            self._watch()
        else:
            worker.retire()

    def close(self) -> None:
        """Let every idle thread end; those still borrowed end when they are given back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        wait([worker.retire() for worker in idle], CLOSE_TIMEOUT_S)

    def _watch(self) -> None:
        # One timer at a time; one on a loop that has been closed will not come any more.
        timer, loop = self._timer, asyncio.get_running_loop()
        if timer is None or timer.cancelled() or timer.when() < loop.time() - self._idle_s:
            self._timer = loop.call_later(self._idle_s, self._expire)

    def _expire(self) -> None:
        self._timer = None
        oldest = time.monotonic() - self._idle_s
        gone = []
        with self._lock:
            while self._idle and self._idle[0].idle_since <= oldest:
                gone.append(self._idle.popleft())
            left = bool(self._idle)
        for worker in gone:
            worker.retire()
        if left:
            self._watch()
