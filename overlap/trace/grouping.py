"""Group spans into traces by their trace id."""

from __future__ import annotations

from collections.abc import Iterable

from overlap.trace.model import Span, Trace


def group(spans: Iterable[Span]) -> list[Trace]:
    """Group spans by trace id: traces in order of first appearance, spans in their own order."""
    by_id: dict[str, list[Span]] = {}
    for span in spans:
        by_id.setdefault(span.trace_id, []).append(span)
    return [Trace(trace_id, tuple(members)) for trace_id, members in by_id.items()]
