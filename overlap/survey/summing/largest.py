"""A trace with more spans than are judged: its first spans are, whatever they are read in.

Without this, one endless trace, such as that of a worker that never ends its root span, would
take all memory.
"""

from __future__ import annotations

from collections.abc import Iterable

from overlap.trace import Span

MOST_SPANS = 200_000
"""The most spans of a trace that are judged: those that started first."""


class LargeTrace:
    """The spans of one trace, the first of them at most. Spans may be appended to `members`."""

    __slots__ = ("left_out", "members", "trace_id")

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.left_out = 0
        self.members: list[Span] = []
        """In any order; `cut` them now and then."""

    def extend(self, spans: Iterable[Span]) -> None:
        """Add spans, in any order."""
        self.members.extend(spans)
        self.cut()

    def cut(self) -> None:
        """Keep the first spans only if there are too many."""
        if len(self.members) >= 2 * MOST_SPANS:
            self._cut()

    def start_ns(self) -> int:
        """Return the earliest start of a span."""
        return min([span.start_ns for span in self.members], default=1 << 64)

    def spans(self) -> tuple[Span, ...]:
        """Return the spans that are judged."""
        if len(self.members) > MOST_SPANS:
            self._cut()
        return tuple(self.members)

    def _cut(self) -> None:
        self.left_out += len(self.members) - MOST_SPANS
        self.members.sort(key=_place)
        del self.members[MOST_SPANS:]


def _place(span: Span) -> tuple[int, str, int, str]:
    return span.start_ns, span.span_id, span.end_ns or 0, span.name
