"""Work in threads: how long it waited in an executor's queue, how long it ran and computed.

asyncio, asgiref and overlap.lean use the standard library's ThreadPoolExecutor, whose `submit` is
wrapped here. (anyio has threads of its own, which are not measured.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from time import perf_counter, thread_time, time_ns
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import get_current_span, get_tracer, set_span_in_context

from overlap import names
from overlap.lens.account import Account
from overlap.lens.current_account import span_here
from overlap.lens.ending_spans import in_ms
from overlap.lens.span_processor import is_sampled
from overlap.lens.steps import running_here
from overlap.lens.threads.figures import SHORTEST_S, set_figures
from overlap.lens.threads.function import function_name, is_sensitive
from overlap.lens.threads.occupants import ahead, running_in
from overlap.lens.threads.occupants import words as taken_by
from overlap.lens.waits.task_number import current_number
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames
from overlap.runtime.thread_cpu import BusyClock

OBSERVERS: list[Callable[[Work], None]] = []
"""Called with each call that is submitted."""


class Work:
    """One call, submitted under `span`. Times are seconds of time.perf_counter(), 0 if not yet."""

    __slots__ = ("abandoned", "ahead", "asked", "began", "busy", "cancelled", "cpu", "ended",
                 "function", "running", "sensitive", "size", "span", "taken_by",
                 "task")  # fmt: skip

    def __init__(self, pool: Any, span: Span, function: str, *, sensitive: bool) -> None:
        self.running = running_in(pool)
        self.ahead = ahead(pool, self.running)
        self.size: int = pool._max_workers
        self.taken_by = ""
        """Whose work had the pool's threads while this waited, as far as that was measured."""
        self.span = span
        self.task = _task_here(span)
        """The number of the task that requested it, if it is another than that of the span."""
        self.function = function
        """Its dotted name."""
        self.sensitive = sensitive
        self.asked = perf_counter()
        self.began = self.ended = 0.0
        self.cpu = self.busy = 0.0
        """Seconds on a processor; and those in the queue for one, too."""
        self.cancelled = 0.0
        """When it was cancelled in the queue: it never runs."""
        self.abandoned = 0.0
        """When what waited for it gave up, while it ran: nothing can stop it."""

    def run(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Run the call. In the thread."""
        __traceback_hide__ = True
        self.began = perf_counter()
        guarded("the work in a pool's threads is not known", self._begin)
        outer, _here.work = _here.work, self
        clock = BusyClock()
        cpu, busy = thread_time(), clock.read()
        try:
            return call(*args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            self.cpu, self.busy = thread_time() - cpu, clock.read() - busy
            clock.close()
            _here.work = outer
            self.running.pop(id(self), None)
            self.ended = perf_counter()
            if not self.span.is_recording():
                guarded("work in a thread is not reported", self._outlived)

    def _begin(self) -> None:
        if self.ahead and self.began - self.asked >= SHORTEST_S:
            self.taken_by = taken_by(self.ahead)
        self.ahead = []  # those have lists of their own
        self.running[id(self)] = self.function, self.span

    def cancel_requested(self, is_cancelled: bool) -> None:
        """Record that the future was cancelled, with success or while it ran."""
        if is_cancelled:
            self.cancelled = self.cancelled or perf_counter()
        elif self.began and not self.ended:
            self.abandoned = self.abandoned or perf_counter()

    def _outlived(self) -> None:
        """Send a span: the one it was submitted under has ended, and could not wait for this."""
        now, end = time_ns(), self.span.end_time or 0
        if now - end < SHORTEST_S * 1e9:
            return
        outlived = get_tracer("overlap.lens").start_span(
            names.SPAN_THREAD_OUTLIVED,
            set_span_in_context(self.span, Context()),
            start_time=now - int((self.ended - self.began) * 1e9),
            attributes={names.THREAD_ABANDONED_MS: in_ms((now - end) / 1e9)},
        )
        if self.function:
            outlived.set_attribute(names.CODE_FUNCTION_NAME, self.function)
        outlived.end(now)


class _CurrentWork(threading.local):
    work: Work | None = None


_here = _CurrentWork()


class ThreadSpans(SpanProcessor):
    """Records both on spans, from when it is created until its shutdown."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._undo.callback(replace_method(ThreadPoolExecutor, "submit", _submit))
        self._undo.callback(replace_method(Future, "cancel", _cancel))

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Record on the first spans of a call how long it had waited for its thread."""
        if (work := _here.work) is not None:
            guarded("work in a thread is not measured", _begin, span, parent_context, work)

    def _on_ending(self, span: Span) -> None:
        if works := getattr(span, "overlap_threads", None):
            guarded("work in a thread is not measured", set_figures, span, [*works])

    def shutdown(self) -> None:
        """Stop measuring."""
        self._undo.close()


def _submit(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return `ThreadPoolExecutor.submit` that measures the work of a span."""

    def submit(self: Any, fn: Any, /, *args: Any, **named: Any) -> Any:
        work = guarded("work in a thread is not measured", _work_for, self, fn, args)
        if work is None:
            return stock(self, fn, *args, **named)
        future = stock(self, work.run, fn, *args, **named)
        future.overlap_work = work
        return future

    return submit


def _cancel(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return `Future.cancel` that records when the work of a span was cancelled."""

    def cancel(self: Any) -> Any:
        is_cancelled = stock(self)
        if (work := getattr(self, "overlap_work", None)) is not None:
            work.cancel_requested(is_cancelled)
        return is_cancelled

    return cancel


def _begin(span: Span, parent_context: Context | None, work: Work) -> None:
    if get_current_span(parent_context) is not work.span:
        return
    figures: dict[str, Any] = {names.THREAD_QUEUED_MS: in_ms(work.began - work.asked)}
    if work.task:
        figures[names.AWAIT_TASK] = work.task
    if work.sensitive:
        figures[names.THREAD_SENSITIVE] = True
    elif work.taken_by:
        figures |= {names.THREAD_POOL_MOST: work.size, names.THREAD_TAKEN_BY: work.taken_by}
    span.set_attributes(figures)


def _work_for(pool: Any, fn: Any, args: tuple[Any, ...]) -> Work | None:
    span = span_here()
    if span is None or not is_sampled(span) or not isinstance(span, Span):
        return None
    if not span.is_recording():
        return None
    work = Work(pool, span, function_name(fn, args), sensitive=is_sensitive(fn, args))
    vars(span).setdefault("overlap_threads", []).append(work)  # atomic
    for observe in OBSERVERS:
        observe(work)
    return work


def _task_here(span: Any) -> int:
    """Return the number of the task that submits work; 0 if the span started in it."""
    account: Account | None = getattr(span, "overlap_account", None)
    steps = running_here()
    if account is None:
        return 0
    if steps is None:  # in a thread, for work that has one
        return 0 if _here.work is None else _here.work.task
    number = current_number(steps.loop, account.task)
    return 0 if number == account.task else number
