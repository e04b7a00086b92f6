"""Worker processes that leave Ctrl-C to the process that started them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from overlap.errors import OverlapError

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """At most so many processes; they start with the first tasks."""

    def __init__(self, most: int, start: Callable[..., None], *arguments: Any) -> None:
        """`start` is called in each process, with `arguments` and the event `stop`."""
        self.most = most
        self._start, self._arguments = start, arguments
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._executor is not None:
            self.stop.set()
            self._executor.shutdown(cancel_futures=True)

    @property
    def is_started(self) -> bool:
        """Return whether there are processes."""
        return self._executor is not None

    def submit(self, function: Callable[..., T], tasks: Sequence[tuple[Any, ...]]) -> Tasks[T]:
        """Call a function in the processes, once with the arguments of each task."""
        if self._executor is None:
            # Imported late: a small survey needs no processes.
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            context = multiprocessing.get_context("spawn")  # the terminal's progress has a thread
            self.stop = context.Event()
            self._executor = ProcessPoolExecutor(
                max(1, min(self.most, len(tasks))),
                mp_context=context,
                initializer=self._start,
                initargs=(*self._arguments, self.stop),
            )
        with _uninterrupted():
            return Tasks([self._executor.submit(function, *each) for each in tasks])


class Tasks(Generic[T]):
    """Tasks by their place. As a context manager: those that did not begin are cancelled."""

    def __init__(self, futures: list[Future[T]]) -> None:
        self._futures = futures

    def __enter__(self) -> Tasks[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def cancel(self) -> None:
        """Cancel the tasks that did not begin."""
        for each in self._futures:
            each.cancel()

    def as_completed(self) -> Iterator[int]:
        """Yield the place of each task when it is done."""
        from concurrent.futures import as_completed

        places = {id(future): place for place, future in enumerate(self._futures)}
        for future in as_completed(self._futures):
            yield places[id(future)]

    def result(self, place: int) -> T:
        """Return the result of a task. Raise OverlapError if its process ended before."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            return self._futures[place].result()
        except BrokenProcessPool:
            raise OverlapError(
                "a worker process ended before its work was done: the machine may lack memory"
            ) from None

    def results(self) -> Iterator[tuple[int, T]]:
        """Cancel what did not begin; yield the place and the result of each other task."""
        self.cancel()
        for place, each in enumerate(self._futures):
            if not each.cancelled():
                yield place, self.result(place)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; processes that start meanwhile ignore it for ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
