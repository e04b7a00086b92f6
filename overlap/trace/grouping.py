"""Group spans into traces by their trace id."""

from __future__ import annotations

from collections.abc import Iterable

from overlap.trace.left_out import LeftOut
from overlap.trace.model import Span, Trace


def group(spans: Iterable[Span], left_out: LeftOut | None = None) -> list[Trace]:
    """Group spans by trace id: traces in order of first appearance, spans in their own order.

    Each trace gets the warnings of what was left out of it.
    """
    by_id: dict[str, list[Span]] = {}
    for span in spans:
        if (members := by_id.get(span.trace_id)) is None:
            members = by_id[span.trace_id] = []
        members.append(span)
    return [
        Trace(trace_id, tuple(members), left_out.warnings(trace_id) if left_out else ())
        for trace_id, members in by_id.items()
    ]
