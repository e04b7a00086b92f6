"""Attributes and links as text for the page."""

from __future__ import annotations

from overlap import names
from overlap.draw.text import clean, duration
from overlap.trace import Attributes, AttributeValue

VALUE_CHARS = 2000


def pairs(attributes: Attributes) -> list[tuple[str, str]]:
    """Return attributes as text, sorted by key; long values are cut and marked."""
    return [(clean(key), value_text(attributes[key])) for key in sorted(attributes)]


def value_text(value: AttributeValue) -> str:
    """Return one attribute's value as text."""
    text = value if isinstance(value, str) else _plain(value)
    if len(text) > VALUE_CHARS:
        return f"{text[:VALUE_CHARS]}… ({len(text):,} characters)"
    return text


def _plain(value: AttributeValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value[:VALUE_CHARS].hex()
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value[:100])
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value_text(item)}" for key, item in list(value.items())[:100])
    return str(value)


def link_words(attributes: Attributes) -> str:
    """Return what a link means, in words."""
    link_kind = attributes.get(names.LINK_KIND)
    delay = attributes.get(names.VICTIM_DELAY_MS)
    if link_kind == names.LINK_VICTIM:
        delayed = f", delayed {duration(float(delay))}" if isinstance(delay, int | float) else ""
        return f"its victim{delayed}"
    if link_kind == names.LINK_BLOCKED_BY:
        return "blocked by"
    return ", ".join(f"{key} {value}" for key, value in pairs(attributes)) or "linked"
