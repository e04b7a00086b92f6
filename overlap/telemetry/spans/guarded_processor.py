"""Our span processors on a provider of the project's: they can be taken off."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from overlap.telemetry.spans.quick_tracer import Processors


class GuardedProcessor(SpanProcessor):
    """Passes on to ours until it is closed."""

    def __init__(self, parts: Sequence[SpanProcessor]) -> None:
        self.parts = tuple(parts)
        self._inner = Processors()
        for part in parts:
            self._inner.add_span_processor(part)
        self._is_open = True

    def close(self) -> None:
        """Pass nothing more on: not every provider lets a processor be removed."""
        self._is_open = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on."""
        if self._is_open:
            self._inner.on_start(span, parent_context)

    def _on_ending(self, span: Span) -> None:
        if self._is_open:
            self._inner._on_ending(span)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on."""
        if self._is_open:
            self._inner.on_end(span)

    def shutdown(self) -> None:
        """Send what is queued: the project's provider ends, which does not end us."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Pass on."""
        return not self._is_open or self._inner.force_flush(timeout_millis)
