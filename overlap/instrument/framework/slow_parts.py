"""A span for a part of a request's work, if that part is slow.

Most renderings and receivers are too short for a span, and how long one takes is known when it is
over. Then a span can still be made, except if other spans began in it: those have their parent
already. So a part that was slow has a span from its beginning the next time, until it is fast.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from time import perf_counter, time_ns
from types import TracebackType
from typing import Any

from opentelemetry.trace import (
    Span,
    Status,
    StatusCode,
    Tracer,
    TracerProvider,
    get_tracer_provider,
)

from overlap.instrument.framework.amounts import add, children, recording_span
from overlap.runtime.guard import CurrentSpan, failed, guarded, hide_frames
from overlap.runtime.identity_cache import IdentityCache

LEAST_S = 0.005
"""Shorter parts have no span."""
MOST_KNOWN = 256
"""The most slow parts that are remembered."""
_WHAT = "a part of Django's work is not traced"


def _make_tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("overlap.instrument.framework")


_tracer = IdentityCache(_make_tracer)


def start_span(name: str, attributes: Mapping[str, Any], start_ns: int | None = None) -> Span:
    """Start a span below the current one."""
    tracer = _tracer(get_tracer_provider())
    return tracer.start_span(name, attributes=dict(attributes), start_time=start_ns)


def record_span(name: str, attributes: Mapping[str, Any], seconds: float) -> Span:
    """Make a span of what has just ended and took so long. The caller ends it."""
    return start_span(name, attributes, time_ns() - int(seconds * 1e9))


class SlowParts:
    """Parts of one kind.

    name: of their spans.
    calls, duration: the attributes of the sums.
    """

    def __init__(self, name: str, calls: str, duration: str) -> None:
        self.name, self.calls, self.duration = name, calls, duration
        self.slow: set[Hashable] = set()
        """The parts that were slow when they ran last."""

    def part(self, key: Hashable, attributes: Callable[[], Mapping[str, Any]]) -> Part:
        """Return a context manager for one part; `key` identifies it when it comes again."""
        return Part(self, key, attributes)

    def note_slow(self, key: Hashable) -> None:
        """Remember a part that was slow."""
        if len(self.slow) < MOST_KNOWN:
            self.slow.add(key)


class Part:
    """What runs inside is timed, and has a span if it is slow. Raises nothing of its own."""

    __slots__ = ("_attributes", "_began", "_children", "_key", "_span", "_whole", "_within")

    def __init__(
        self, whole: SlowParts, key: Hashable, attributes: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._whole, self._key, self._attributes = whole, key, attributes
        self._within: CurrentSpan | None = None
        self._span: Any = None

    def __enter__(self) -> None:
        try:
            self._enter()
        except Exception:
            failed(_WHAT)

    def _enter(self) -> None:
        self._span = span = recording_span()
        if span is None:
            return
        if self._key in self._whole.slow:
            self._within = CurrentSpan(_WHAT, start_span(self._whole.name, self._attributes()))
            self._within.__enter__()
        self._children = children(span)
        self._began = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._span is not None:
            guarded(_WHAT, self._exit, error)
        if self._within is not None:
            self._within.__exit__(kind, error, traceback)
        elif error is not None:
            hide_frames(error)

    def _exit(self, error: BaseException | None) -> None:
        whole, seconds = self._whole, perf_counter() - self._began
        add(self._span, whole.calls, whole.duration, seconds)
        if seconds < LEAST_S:
            whole.slow.discard(self._key)
            return
        whole.note_slow(self._key)
        if self._within is None and children(self._span) == self._children:
            span = record_span(whole.name, self._attributes(), seconds)
            if isinstance(error, Exception):
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
            span.end()
