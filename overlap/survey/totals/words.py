"""Times, shares and categories of a survey in words, for the terminal and the page."""

from __future__ import annotations

from overlap.judge.summary import duration

_MINUTE_S, _HOUR_S = 60, 3600
CATEGORY_WORDS = {
    "running": "running on the loop",
    "ready": "waiting for the loop",
    "threads": "waiting for threads",
    "database": "database",
    "calls": "outgoing calls",
    "own": "own awaits",
    "uncovered": "uncovered",
}
"""What each category is called, in the order of CATEGORIES."""


def seconds(value: float) -> str:
    """Return seconds as text that is short for any length: `0.4 ms`, `5.0 s`, `3.2 h`."""
    if value < _MINUTE_S:
        return duration(value * 1000)
    if value < _HOUR_S:
        return f"{value / _MINUTE_S:.1f} min"
    return f"{value / _HOUR_S:,.1f} h"


def share(value: float) -> str:
    """Return a share as per cent."""
    return f"{value:.0%}" if value >= 0.01 or not value else "<1%"
