"""How full the thread pools are: calls that wait for a thread, and threads in use, by pool.

A pool is a ThreadPoolExecutor of the standard library, known from its first call on; asyncio's
default executor (`asyncio.to_thread`), asgiref's and overlap.lean's are such. Its name is the
prefix of its threads' names without a number, so that `lean-1`, `lean-2`, … are one pool.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, thread
from typing import Any
from weakref import WeakSet

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded

POOLS = 50
"""Pools with series of their own; the others are counted together."""
OTHER = "other"
_IDLE = thread._worker.__code__
"""The code of a thread that waits for a call."""
_MARK = "overlap_pools"
_NUMBER = re.compile(r"([-_]\d+)+$")


class ThreadPools:
    """The pools of this process, from `install` until its undoing."""

    def __init__(self) -> None:
        self._pools: WeakSet[ThreadPoolExecutor] = WeakSet()
        self._names: set[str] = set()

    def install(self) -> Callable[[], None]:
        """Notice each pool at its first call; return a function that undoes it."""
        pools = self._pools

        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def submit(self: Any, fn: Any, /, *args: Any, **named: Any) -> Any:
                if vars(self).get(_MARK) is not pools:  # faster than to ask the set
                    guarded("a thread pool is not measured", _add, pools, self)
                return stock(self, fn, *args, **named)

            return submit

        return replace_method(ThreadPoolExecutor, "submit", make)

    def report(self, meter: Meter) -> None:
        """Report the three figures of each pool."""
        for place, (name, unit, description) in enumerate(_FIGURES):
            meter.create_observable_gauge(name, [self._observer(place)], unit, description)

    def _observer(self, place: int) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            return [
                Observation(figures[place], {names.THREAD_POOL: name})
                for name, figures in self.figures().items()
            ]

        return observe

    def figures(self) -> dict[str, list[int]]:
        """Return by pool: calls that wait, threads in use, and the most threads."""
        found = {name: [0, 0, 0] for name in self._names}  # a gauge without a value keeps its last
        for pool in [*self._pools]:
            sums = found.setdefault(self._name_of(pool), [0, 0, 0])
            for place, figure in enumerate(_figures_of(pool)):
                sums[place] += figure
        return found

    def _name_of(self, pool: Any) -> str:
        name = _NUMBER.sub("", pool._thread_name_prefix) or "unnamed"
        if name not in self._names and len(self._names) >= POOLS:
            name = OTHER
        self._names.add(name)
        return name


def _add(pools: WeakSet[ThreadPoolExecutor], pool: Any) -> None:
    pools.add(pool)
    setattr(pool, _MARK, pools)


_FIGURES = (
    (names.METRIC_POOL_WAITING, "{call}", "Calls that wait for a thread of the pool."),
    (names.METRIC_POOL_IN_USE, "{thread}", "Threads of the pool that run a call."),
    (names.METRIC_POOL_SIZE, "{thread}", "The most threads that the pool may have."),
)


def _figures_of(pool: Any) -> tuple[int, int, int]:
    if pool._shutdown:
        return 0, 0, 0
    # Not by the pool's `_idle_semaphore`, which counts threads as idle that took a queued call.
    frames = sys._current_frames()
    running = (frames.get(worker.ident) for worker in [*pool._threads])
    in_use = sum(frame is not None and frame.f_code is not _IDLE for frame in running)
    return pool._work_queue.qsize(), in_use, pool._max_workers
