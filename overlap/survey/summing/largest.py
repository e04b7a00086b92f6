"""A trace with more spans than are judged: its first spans are, whatever they are read in.

Without this, one endless trace, such as that of a worker that never ends its root span, would
take all memory.
"""

from __future__ import annotations

from overlap.trace import Span

MOST_SPANS = 200_000
"""The most spans of a trace that are judged: those that started first."""


class LargeTrace:
    """The spans of one trace, the first of them at most."""

    __slots__ = ("_spans", "left_out", "start_ns", "trace_id")

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.left_out = 0
        self.start_ns = 1 << 64
        """The earliest start."""
        self._spans: list[Span] = []

    def add(self, span: Span) -> None:
        """Add a span, in any order."""
        self._spans.append(span)
        self.start_ns = min(self.start_ns, span.start_ns)
        if len(self._spans) >= 2 * MOST_SPANS:
            self._cut()

    def spans(self) -> tuple[Span, ...]:
        """Return the spans that are judged."""
        if len(self._spans) > MOST_SPANS:
            self._cut()
        return tuple(self._spans)

    def _cut(self) -> None:
        self.left_out += len(self._spans) - MOST_SPANS
        self._spans.sort(key=_place)
        del self._spans[MOST_SPANS:]


def _place(span: Span) -> tuple[int, str, int, str]:
    return span.start_ns, span.span_id, span.end_ns or 0, span.name
