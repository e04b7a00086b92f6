"""Bounds on the number of distinct names, so that a survey's memory does not grow with its traces.

Names that hold an id, such as `GET /order/8841`, are endless. Beyond a limit the rows of some
names are summed up as OTHERS. Which ones does not depend on the order of the traces: names are
ranked by themselves, those with the fewest digits first, then the shortest. So ordinary names
stay. A name that was replaced by others comes back for its next trace, and is replaced again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

OTHERS: Final = "(others)"
MOST_ROUTES: Final = 1000
MOST_CULPRITS: Final = 1000
MOST_NAMES: Final = 200
"""Of the paths, advice, tasks and queries of one route; and of the warnings."""


def trim(rows: dict[str, T], most: int, others: Callable[[T], T], add: Callable[[T, T], None],
         ) -> None:  # fmt: skip
    """Replace all rows but `most` by one, in place.

    others: returns an empty row for the sum of those like its argument.
    add: adds its second argument to its first.
    """
    kept = sorted((key for key in rows if key != OTHERS), key=_rank)
    for key in kept[most:]:
        row = rows.pop(key)
        if OTHERS not in rows:
            rows[OTHERS] = others(row)
        add(rows[OTHERS], row)


def trim_counts(counts: dict[str, int], most: int) -> None:
    """Replace all counts but `most` by one, in place."""
    if len(counts) > most:
        kept = sorted((key for key in counts if key != OTHERS), key=_rank)
        for key in kept[most:]:
            counts[OTHERS] = counts.get(OTHERS, 0) + counts.pop(key)


def _rank(key: str) -> tuple[int, int, str]:
    return sum(map(str.isdigit, key)), len(key), key
