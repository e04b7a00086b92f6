"""The rows of the picture: siblings folded, and the guides that lead to their parents.

Of a trace that fits, only siblings of one name beyond the first few are folded. A larger one
comes with folds of its own (overlap.waterfall.outline), which become rows here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from overlap.waterfall import Bar, Fold, Waterfall

SHOWN = 12
"""Siblings of one name that are drawn; the others are one row."""
DEEPEST = 10
"""Levels that are indented; deeper ones stand below one another."""


@dataclass(frozen=True, slots=True)
class Row:
    """A bar, or `more` spans as one. Times in ms."""

    bar: Bar | None
    """None for a fold."""
    depth: int = 0
    guides: tuple[int, ...] = ()
    """For each level of indentation which guide: none, through, branch or last."""
    more: int = 0
    names: tuple[tuple[str, int], ...] = ()
    """Of a fold: its most frequent names, with their number."""
    start_ms: float = 0.0
    end_ms: float = 0.0


@dataclass(slots=True)
class _SameName:
    bar: Bar
    count: int = 0
    start_ms: float = 0.0
    end_ms: float = 0.0


def rows(waterfall: Waterfall) -> list[Row]:
    """Return the rows of a waterfall, with its folds, or with siblings of one name folded."""
    if waterfall.folds:
        return list(_guided(list(_with_folds(waterfall.bars, waterfall.folds))))
    found = [
        item
        if isinstance(item, Row)
        else Row(
            None,
            item.bar.depth,
            more=item.count,
            names=((item.bar.span.name, item.count),),
            start_ms=item.start_ms,
            end_ms=item.end_ms,
        )
        for item in _folded(waterfall.bars)
    ]
    return list(_guided(found))


def _with_folds(bars: Sequence[Bar], folds: Sequence[Fold]) -> Iterator[Row]:
    place = 0
    for fold in sorted(folds, key=lambda fold: fold.after):
        yield from (Row(bar, bar.depth) for bar in bars[place : fold.after])
        place = max(place, fold.after)
        yield Row(
            None,
            fold.depth,
            more=fold.spans,
            names=tuple(fold.names),
            start_ms=fold.start_ms,
            end_ms=fold.end_ms,
        )
    yield from (Row(bar, bar.depth) for bar in bars[place:])


def _folded(bars: Sequence[Bar]) -> list[Row | _SameName]:
    result: list[Row | _SameName] = []
    counts: list[Counter[str]] = []  # by depth: siblings so far, by name
    folds: list[dict[str, _SameName]] = []
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
            result.append(Row(bar, bar.depth))
            continue
        hidden_below = bar.depth
        fold = folds[bar.depth].get(name)
        if fold is None:
            fold = folds[bar.depth][name] = _SameName(bar, 0, bar.start_ms, bar.end_ms)
            result.append(fold)
        fold.count += 1
        fold.end_ms = max(fold.end_ms, bar.end_ms)
    return result


def _guided(found: Sequence[Row]) -> Iterator[Row]:
    """Add guides, from the last row up: a level is open until its parent's row."""
    opened: set[int] = set()
    guided: list[Row] = []
    for row in reversed(found):
        depth = min(row.depth, DEEPEST)
        guides = [1 if level in opened else 0 for level in range(1, depth)]
        if depth:
            guides.append(2 if depth in opened else 3)
        opened = {level for level in opened if level < depth} | ({depth} if depth else set())
        guided.append(replace(row, guides=tuple(guides)))
    return reversed(guided)
