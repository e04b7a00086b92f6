"""What held one request up, on its span: a link to each block, and the same in plain attributes.

A backend may keep no more of a link than where it leads (Jaeger on Badger does), so that how long
a victim was held up does not rest on what its links say.
"""

from __future__ import annotations

from opentelemetry.trace import Span, SpanContext, format_span_id, format_trace_id

from overlap import names

LISTED = 32
"""Blocks that a span lists; the time is that of all."""


class Held:
    """Adds up what one request waited for. On the loop's thread."""

    __slots__ = ("_at_most", "_listed", "_ms", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._ms = 0.0
        self._at_most = False
        self._listed: list[str] = []

    def add(self, block: SpanContext, delay_ms: float, *, at_most: bool) -> None:
        """Note one block more, before the request's span ends."""
        said: dict[str, str | float | bool] = {
            names.LINK_KIND: names.LINK_BLOCKED_BY,
            names.VICTIM_DELAY_MS: round(delay_ms, 3),
        }
        self._ms += delay_ms
        self._at_most |= at_most
        own: dict[str, str | float | bool] = {names.VICTIM_DELAY_MS: round(self._ms, 3)}
        if at_most:
            said[names.VICTIM_AT_MOST] = True
        if self._at_most:
            own[names.VICTIM_AT_MOST] = True
        if len(self._listed) < LISTED:
            ids = f"{format_trace_id(block.trace_id)}-{format_span_id(block.span_id)}"
            self._listed.append(f"{ids}{'<' if at_most else '+'}{delay_ms:.3f}")
            own[names.VICTIM_BLOCKED_BY] = " ".join(self._listed)
        self._span.add_link(block, said)
        self._span.set_attributes(own)
