"""The list of span processors that a tracer of ours calls: each for what it handles."""

from __future__ import annotations

import logging
from collections.abc import Callable

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, SynchronousMultiSpanProcessor
from opentelemetry.sdk.trace import Span as SdkSpan

from overlap.telemetry.drops import LOGGER_NAME

_log = logging.getLogger(LOGGER_NAME)
_EMPTY = {
    function.__code__.co_code
    for function in (SpanProcessor.on_start, SpanProcessor._on_ending, lambda: None)
}
"""The code of functions with no statement, with and without a docstring."""


class Processors(SynchronousMultiSpanProcessor):
    """Calls each processor only for the events that it handles: most handle one of the three.

    Exceptions are logged, not raised: spans start and end inside the service's own code.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def _span_processors(self) -> tuple[SpanProcessor, ...]:
        return self._all

    @_span_processors.setter
    def _span_processors(self, every: tuple[SpanProcessor, ...]) -> None:
        self._all = every
        self._starts = _those_that(every, "on_start")
        self._endings = _those_that(every, "_on_ending")
        self._ends = _those_that(every, "on_end")

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:
        """Call each processor that handles starts."""
        for start in self._starts:
            try:
                start(span, parent_context)
            except Exception:  # telemetry never hurts the service
                _log.debug("a span's start was not noted", exc_info=True)

    def _on_ending(self, span: SdkSpan) -> None:
        for ending in self._endings:
            try:
                ending(span)
            except Exception:
                _log.debug("a span's end was not noted", exc_info=True)

    def on_end(self, span: ReadableSpan) -> None:
        """Call each processor that handles ends."""
        for end in self._ends:
            try:
                end(span)
            except Exception:
                _log.debug("a span was not sent", exc_info=True)


def _those_that(every: tuple[SpanProcessor, ...], name: str) -> tuple[Callable[..., None], ...]:
    return tuple(getattr(each, name) for each in every if not _is_empty(type(each), name))


def _is_empty(owner: type, name: str) -> bool:
    """Return whether a method has no statement: the SDK's batch processor overrides all three."""
    code = getattr(getattr(owner, name, None), "__code__", None)
    return code is not None and code.co_code in _EMPTY
