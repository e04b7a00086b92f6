"""Figures on a span that is about to end: known only now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Span


def set_late(span: Span, figures: Mapping[str, Any]) -> None:
    """Set attributes in `_on_ending`, where the SDK lets nobody else set any.

    They must be of the plain types that attributes are kept as. A span with no room for them
    goes without.
    """
    attributes: Any = span._attributes
    if attributes.maxlen is None or len(attributes) + len(figures) <= attributes.maxlen:
        attributes._dict.update(figures)


def has(span: Span, name: str) -> bool:
    """Whether it has an attribute. BoundedAttributes' own `in` raises and catches for a no."""
    attributes: Any = span._attributes
    return name in attributes._dict


def in_ms(seconds: float) -> float:
    """Seconds as milliseconds, cut off after the thousandths: int() takes a third of round()."""
    return int(seconds * 1e6) / 1e3
