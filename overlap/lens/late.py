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
