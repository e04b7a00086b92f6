"""The rows of background tasks, of one route or of several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from overlap.survey.totals.model import Route


def background(routes: Iterable[Route]) -> list[dict[str, Any]]:
    """Return for each background task how often each end occurred."""
    found: dict[str, dict[str, int]] = {}
    for route in routes:
        for name, ends in route.background.items():
            mine = found.setdefault(name, {})
            for end, count in ends.items():
                mine[end] = mine.get(end, 0) + count
    return [
        {"task": name, "ends": dict(sorted(ends.items()))} for name, ends in sorted(found.items())
    ]


def lost(routes: Iterable[Route]) -> dict[str, int]:
    """Return the names of lost tasks, with how many."""
    found: dict[str, int] = {}
    for route in routes:
        for name, count in route.lost.items():
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))
