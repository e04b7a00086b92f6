"""Group spans into traces by their trace id."""

from __future__ import annotations

from collections.abc import Iterable

from overlap.trace.left_out import LeftOut
from overlap.trace.model import Span, Trace


def group(spans: Iterable[Span], left_out: LeftOut | None = None) -> list[Trace]:
    """Group spans by trace id: traces in order of first appearance, spans in their own order.

    Each trace gets the warnings of what was left out of it, and the consumers in other traces that
    link to it.
    """
    by_id: dict[str, list[Span]] = {}
    for span in spans:
        if (members := by_id.get(span.trace_id)) is None:
            members = by_id[span.trace_id] = []
        members.append(span)
    followers = _followers(by_id) if len(by_id) > 1 else {}
    return [
        Trace(
            trace_id,
            tuple(members),
            left_out.warnings(trace_id) if left_out else (),
            tuple(followers.get(trace_id, ())),
        )
        for trace_id, members in by_id.items()
    ]


def _followers(by_id: dict[str, list[Span]]) -> dict[str, list[Span]]:
    """Return by trace the consumers in other traces that link to a span of it."""
    found: dict[str, list[Span]] = {}
    for trace_id, members in by_id.items():
        for span in members:
            if span.links and span.kind == "consumer":
                for other in dict.fromkeys(link.trace_id for link in span.links):
                    if other != trace_id and other in by_id:
                        found.setdefault(other, []).append(span)
    return found
