"""Wrap our span processors for the project's provider, so that they can be removed from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from overlap.telemetry.spans.processors import Processors


class GuardedProcessor(SpanProcessor):
    """Calls our processors (`parts`) until it is closed."""

    def __init__(self, parts: Sequence[SpanProcessor]) -> None:
        self.parts = tuple(parts)
        self._inner = Processors()
        for part in parts:
            self._inner.add_span_processor(part)
        self._is_open = True

    def close(self) -> None:
        """Stop calling them: not every provider can remove a processor."""
        self._is_open = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Call each part."""
        if self._is_open:
            self._inner.on_start(span, parent_context)

    def _on_ending(self, span: Span) -> None:
        if self._is_open:
            self._inner._on_ending(span)

    def on_end(self, span: ReadableSpan) -> None:
        """Call each part."""
        if self._is_open:
            self._inner.on_end(span)

    def shutdown(self) -> None:
        """Flush only: our processors keep running when the project's provider shuts down."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush each part."""
        return not self._is_open or self._inner.force_flush(timeout_millis)


class ProcessorChange(SpanProcessor):
    """Calls `look` at the first span after a provider was given another processor.

    No span can have been sent by an exporter that is looked at then for the first time.
    """

    def __init__(self, provider: Any, look: Callable[[], object]) -> None:
        self._multi = getattr(provider, "_active_span_processor", None)
        self._look = look
        self._known: object = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Compare the tuple of processors, which is a new one after a change."""
        processors = getattr(self._multi, "_span_processors", ())
        if processors is not self._known:
            self._known = processors
            self._look()
