"""Divide rows into pages that fit in an agent's context."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from overlap.errors import OverlapError
from overlap.mcp.bounds import bounded

MOST_CHARACTERS: Final = 12_000
"""Of the rows of one answer as JSON: about 4,000 tokens."""
MOST_OF_A_ROW: Final = 4_000
_TEXTS = ((600, 20), (200, 10), (80, 4), (40, 1))
"""How long texts and lists of a row may be, tried until the row is short enough."""


def page(rows: Sequence[Any], offset: int) -> dict[str, Any]:
    """Return the rows from `offset` on that fit in an answer, and where the next page begins.

    `next_offset` is None on the last page. Raise OverlapError if `offset` is behind the last row.
    """
    if offset < 0 or (offset and offset >= len(rows)):
        count = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
        raise OverlapError(f"offset {offset} is not in 0 to {max(0, len(rows) - 1)}: {count}")
    shown: list[Any] = []
    size = 0
    for row in rows[offset:]:
        short = shortened(row)
        size += length(short)
        if shown and size > MOST_CHARACTERS:
            break
        shown.append(short)
    end = offset + len(shown)
    return {"rows": shown, "total": len(rows), "next_offset": end if end < len(rows) else None}


def shortened(row: Any) -> Any:
    """Return a row that is at most MOST_OF_A_ROW characters long as JSON, as far as it can be."""
    for text, items in _TEXTS:
        short = bounded(row, text=text, items=items)
        if length(short) <= MOST_OF_A_ROW:
            break
    return short


def length(value: Any) -> int:
    """Return how many characters a value takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False))
