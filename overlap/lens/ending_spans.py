"""Set attributes on a span that is about to end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Span


def set_while_ending(span: Span, figures: Mapping[str, Any]) -> None:
    """Set attributes in `_on_ending`, where the SDK allows no more changes.

    Values must be of the plain types that attributes are stored as. A span with no room for them
    is left as it is.
    """
    attributes: Any = span._attributes
    if attributes.maxlen is None or len(attributes) + len(figures) <= attributes.maxlen:
        attributes._dict.update(figures)


def has(span: Span, name: str) -> bool:
    """Return whether a span has an attribute. `in` of BoundedAttributes raises inside, if not."""
    attributes: Any = span._attributes
    return name in attributes._dict


def in_ms(seconds: float) -> float:
    """Return seconds as milliseconds, cut after three decimals: int() is faster than round()."""
    return int(seconds * 1e6) / 1e3
