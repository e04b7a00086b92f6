"""How long requests took, by name, and when streamed ones sent their first part."""

from __future__ import annotations

import math

from overlap import names
from overlap.judge.median import median
from overlap.judge.model import Requests
from overlap.judge.tree.span_tree import Tree, ms


def requests(tree: Tree) -> list[Requests]:
    """Return a row for each name of a server span, in order of the first start. O(n log n)."""
    found: dict[str, list[int]] = {}
    for index in sorted(tree.requests, key=tree.starts.__getitem__):
        if tree.ended[index]:
            found.setdefault(tree.spans[index].name, []).append(index)
    return [_row(tree, name, members) for name, members in found.items()]


def _row(tree: Tree, name: str, members: list[int]) -> Requests:
    took = [ms(tree.ends[index] - tree.starts[index]) for index in members]
    shares = []
    if names.FIRST_PART_MS in tree.words:
        shares = [
            min(1.0, first / whole)
            for index, whole in zip(members, took, strict=True)
            if whole > 0 and (first := _first_part(tree, index)) is not None
        ]
    return Requests(
        request=name,
        count=len(members),
        median_ms=round(median(took), 3) if len(took) > 1 else took[0],
        longest_ms=max(took),
        first_part=round(median(shares), 3) if shares else None,
    )


def _first_part(tree: Tree, index: int) -> float | None:
    first = tree.spans[index].attributes.get(names.FIRST_PART_MS)
    if isinstance(first, int | float) and not isinstance(first, bool) and 0 <= first < math.inf:
        return float(first)
    return None
