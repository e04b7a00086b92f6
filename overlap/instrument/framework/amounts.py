"""Sums on a span: calls and milliseconds, added up while it lasts and recorded when it ends."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap import names
from overlap.lens.current_account import span_here
from overlap.lens.ending_spans import set_while_ending
from overlap.runtime.guard import failed

_EVIDENCE = frozenset({names.SPAN_BLOCKED, names.SPAN_HUNG, names.SPAN_TASK_STARTED})
"""Spans that say something about their parent: no part of its work."""


class Amounts(SpanProcessor):
    """Records the sums of `add`, and counts each span's children for `children`."""

    # Each runs for every span: a decorator would take longer than they do.

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count it as a child of its parent."""
        try:
            if span._parent is None or span.name in _EVIDENCE:
                return
            above = span_here() if parent_context is None else parent_context.get(SPAN_KEY)
            if isinstance(above, Span):
                above.overlap_children = children(above) + 1  # type: ignore[attr-defined]
        except Exception:
            failed("a span's children are not counted")

    def _on_ending(self, span: Span) -> None:
        try:
            if amounts := getattr(span, "overlap_amounts", None):
                set_while_ending(span, _rounded(amounts))
        except Exception:
            failed("what Django did is not recorded")


def _rounded(amounts: dict[str, Any]) -> dict[str, Any]:
    return {n: round(v, 3) if isinstance(v, float) else v for n, v in amounts.items()}


def recording_span() -> Any:
    """Return the current span if it is one that records; otherwise None."""
    span = span_here()
    return span if isinstance(span, Span) and span.is_recording() else None


def children(span: Any) -> int:
    """Return how many spans have been started below a span so far."""
    return getattr(span, "overlap_children", 0)


def amounts_of(span: Any) -> dict[str, Any]:
    """Return the sums of a span, which are set on it when it ends."""
    found: dict[str, Any] = vars(span).setdefault("overlap_amounts", {})
    return found


def add(span: Any, calls: str, duration: str, seconds: float, count: int = 1) -> None:
    """Add calls to the sums of a span."""
    amounts = amounts_of(span)
    amounts[calls] = amounts.get(calls, 0) + count
    amounts[duration] = amounts.get(duration, 0.0) + seconds * 1000
