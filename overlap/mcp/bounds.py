"""Bound what a trace may hold at any length: texts, lists, and how deep they are nested.

Also the line of code that a text names, as fields.
"""

from __future__ import annotations

from typing import Any, Final

from overlap.judge.code_place import code_place
from overlap.judge.summary import clean

MOST_TEXT: Final = 600
"""Characters of one text. A sentence of advice has about 300."""
MOST_ITEMS: Final = 20
"""Items of a list that is part of a row."""
_MOST_DEPTH: Final = 8


def bounded(value: Any, *, text: int = MOST_TEXT, items: int = MOST_ITEMS, depth: int = 0) -> Any:
    """Return plain data with texts cut and printable, lists cut, and floats rounded.

    A list that was cut ends with a text that says how many items are missing.
    """
    if isinstance(value, str):
        return clean(value, text) if value else ""
    if isinstance(value, float):
        return round(value, 3)
    if not isinstance(value, dict | list | tuple):
        return value
    if depth >= _MOST_DEPTH:
        return "…"
    if isinstance(value, dict):
        parts = list(value.items())[: 2 * items]
        return {
            clean(str(key)): bounded(each, text=text, items=items, depth=depth + 1)
            for key, each in parts
        }
    found = [bounded(each, text=text, items=items, depth=depth + 1) for each in value[:items]]
    return [*found, f"and {len(value) - items:,} more"] if len(value) > items else found


def code_line(at: str) -> dict[str, Any]:
    """Return file, line and function of a place in the code; nothing if it names none."""
    place = code_place(at)
    if place is None:
        return {}
    found = {"file": place.file, "line": place.line, "function": place.function}
    return {key: value for key, value in found.items() if value}
