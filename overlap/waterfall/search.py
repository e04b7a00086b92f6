"""The search in the spans of a trace."""

from __future__ import annotations

from overlap.trace import Span


def contains(span: Span, text: str) -> bool:
    """Return whether a span has the case-folded text in its name, service or attributes.

    A span id must be given whole.
    """
    return (
        text in span.name.casefold()
        or text in span.service.casefold()
        or text == span.span_id
        or any(
            text in str(value).casefold() or text in key.casefold()
            for key, value in span.attributes.items()
        )
    )
