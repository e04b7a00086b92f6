"""The critical paths of a survey as collapsed stacks, for flamegraph.pl and speedscope.

A line for each path of names: frames from the service down, separated by semicolons, then a
space and the microseconds of its own time.
https://github.com/brendangregg/FlameGraph#2-fold-stacks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from overlap.judge.summary import clean

US_PER_S = 1_000_000


def stacks(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of what `Report.as_dict` returns; paths below half a microsecond are out."""
    for route in document["routes"]:
        for row in route["self_time"]:
            if us := round(row["s"] * US_PER_S):
                yield f"{';'.join(map(_frame, (route['service'], *row['path'])))} {us}"


def _frame(name: str) -> str:
    """Return a name without what ends a frame."""
    return clean(name).replace(";", ":")
