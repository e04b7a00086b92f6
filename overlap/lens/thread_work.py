"""Work in threads: how long it waited in an executor's queue, and how long it ran.

asyncio, asgiref and overlap.lean use the standard library's ThreadPoolExecutor, whose `submit` is
wrapped here. (anyio has threads of its own, which are not measured.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from time import perf_counter
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import get_current_span

from overlap import names
from overlap.lens.current_account import span_here
from overlap.lens.ending_spans import has, in_ms, set_while_ending
from overlap.lens.span_processor import is_sampled

Done = tuple[float, float]
"""Seconds in the queue, and seconds of running."""


class Work:
    """One call, submitted under `span`."""

    __slots__ = ("asked", "queued", "sensitive", "span")

    def __init__(self, span: Span, *, sensitive: bool) -> None:
        self.span = span
        self.sensitive = sensitive
        self.asked = perf_counter()
        self.queued = 0.0

    def run(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Run the call. In the thread."""
        __traceback_hide__ = True
        begin = perf_counter()
        self.queued = begin - self.asked
        outer, _here.work = _here.work, self
        try:
            return call(*args, **named)
        finally:
            _here.work = outer
            done: list[Done] = self.span.overlap_threads  # type: ignore[attr-defined]
            done.append((self.queued, perf_counter() - begin))  # atomic


class _CurrentWork(threading.local):
    work: Work | None = None


_here = _CurrentWork()


class ThreadSpans(SpanProcessor):
    """Records both on spans, from when it is created until its shutdown."""

    def __init__(self) -> None:
        stock: Any = ThreadPoolExecutor.submit
        self._stock = stock

        @wraps(stock)
        def submit(self: Any, fn: Any, /, *args: Any, **named: Any) -> Any:
            span = span_here()
            if (
                span is not None
                and is_sampled(span)
                and isinstance(span, Span)
                and span.is_recording()
            ):
                vars(span).setdefault("overlap_threads", [])
                work = Work(span, sensitive=_is_sensitive(fn, args))
                return stock(self, work.run, fn, *args, **named)
            return stock(self, fn, *args, **named)

        self._ours: Any = submit
        setattr(ThreadPoolExecutor, "submit", submit)  # noqa: B010  mypy allows no other way

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Record on the first spans of a call how long it had waited for its thread."""
        work = _here.work
        if work is None or get_current_span(parent_context) is not work.span:
            return
        figures: dict[str, Any] = {names.THREAD_QUEUED_MS: in_ms(work.queued)}
        if work.sensitive:
            figures[names.THREAD_SENSITIVE] = True
        span.set_attributes(figures)

    def _on_ending(self, span: Span) -> None:
        done: list[Done] | None = getattr(span, "overlap_threads", None)
        if not done:
            return
        found = [*done]
        figures: dict[str, Any] = {
            names.THREAD_CALLS: len(found),
            names.THREAD_RUNNING_MS: in_ms(sum(ran for _, ran in found)),
        }
        if not has(span, names.THREAD_QUEUED_MS):  # the span is itself work in a thread
            figures[names.THREAD_QUEUED_MS] = in_ms(sum(queued for queued, _ in found))
        set_while_ending(span, figures)

    def shutdown(self) -> None:
        """Stop measuring."""
        if ThreadPoolExecutor.submit is self._ours:  # otherwise another library has wrapped it
            setattr(ThreadPoolExecutor, "submit", self._stock)  # noqa: B010


def _is_sensitive(fn: Any, args: tuple[Any, ...]) -> bool:
    """Return whether asgiref runs it on its request's one thread. overlap.lean wraps the call."""
    for call in (fn, *args[:1]):
        asker = getattr(getattr(call, "func", None), "__self__", None)
        if getattr(asker, "_thread_sensitive", False) is True:
            return True
    return False
