"""How long blocks of the loop delayed a request: links on its span, and the same as attributes.

A backend may store a link without its attributes (Jaeger on Badger does), so the delay is on the
span itself as well.
"""

from __future__ import annotations

from opentelemetry.trace import Span, SpanContext, format_span_id, format_trace_id

from overlap import names

LISTED = 32
"""Blocks listed on a span; the delay is the sum over all of them."""


class Delays:
    """Adds up the delays of one request. On the loop's thread."""

    __slots__ = ("_at_most", "_listed", "_ms", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._ms = 0.0
        self._at_most = False
        self._listed: list[str] = []

    def add(self, block: SpanContext, delay_ms: float, *, at_most: bool) -> None:
        """Add one block, before the request's span ends."""
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
