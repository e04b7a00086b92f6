"""The rows that are drawn: many siblings of one name folded, guides to their parents worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overlap.waterfall import Bar

SHOWN = 12
"""Siblings of one name that are drawn; the others are one row."""
DEEPEST = 10
"""Levels that are indented; deeper ones stand below one another."""


@dataclass(frozen=True, slots=True)
class Row:
    """A bar, or `more` bars of one name as one. Times in ms."""

    bar: Bar
    guides: tuple[int, ...] = ()
    """For each level of indentation which guide: none, through, branch or last."""
    more: int = 0
    start_ms: float = 0.0
    end_ms: float = 0.0


@dataclass(slots=True)
class _Fold:
    bar: Bar
    at: int
    count: int = 0
    start_ms: float = 0.0
    end_ms: float = 0.0


def rows(bars: Sequence[Bar]) -> list[Row]:
    """Fold and guide, in one walk down and one up."""
    found = [
        item if isinstance(item, Row) else Row(item.bar, (), item.count, item.start_ms, item.end_ms)
        for item in _folded(bars)
    ]
    return list(_guided(found))


def _folded(bars: Sequence[Bar]) -> list[Row | _Fold]:
    result: list[Row | _Fold] = []
    counts: list[Counter[str]] = []  # by depth: siblings so far, by name
    folds: list[dict[str, _Fold]] = []
    hidden_below: int | None = None
    for bar in bars:
        if hidden_below is not None and bar.depth > hidden_below:
            continue
        hidden_below = None
        del counts[bar.depth + 1 :], folds[bar.depth + 1 :]
        while len(counts) <= bar.depth:
            counts.append(Counter())
            folds.append({})
        name = bar.span.name
        counts[bar.depth][name] += 1
        if counts[bar.depth][name] <= SHOWN:
            result.append(Row(bar))
            continue
        hidden_below = bar.depth
        fold = folds[bar.depth].get(name)
        if fold is None:
            fold = _Fold(bar, len(result), 0, bar.start_ms, bar.end_ms)
            folds[bar.depth][name] = fold
            result.append(fold)
        fold.count += 1
        fold.end_ms = max(fold.end_ms, bar.end_ms)
    return result


def _guided(found: Sequence[Row]) -> Iterator[Row]:
    """From below, a level is open while a row of it is still to come before its parent."""
    opened: set[int] = set()
    guided: list[Row] = []
    for row in reversed(found):
        depth = min(row.bar.depth, DEEPEST)
        guides = [1 if level in opened else 0 for level in range(1, depth)]
        if depth:
            guides.append(2 if depth in opened else 3)
        opened = {level for level in opened if level < depth} | ({depth} if depth else set())
        guided.append(Row(row.bar, tuple(guides), row.more, row.start_ms, row.end_ms))
    return reversed(guided)
