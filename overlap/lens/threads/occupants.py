"""Whose work had the threads of a pool while a call waited for one of them.

A pool of the standard library starts threads until it has its most, and only then do calls wait.
So a call that waited was behind as many others as the pool has threads. Of those, the ones that
the lens measures are known by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from overlap.lens.current_account import request_name

MOST_NAMED = 3
"""The most functions that are named."""
Running = dict[int, tuple[str, Any]]
"""The measured calls that a pool runs: function and span, by the identity of the call."""


def running_in(pool: Any) -> Running:
    """Return the measured calls that a pool runs. It changes as they begin and end."""
    found: Running = vars(pool).setdefault("overlap_running", {})
    return found


def ahead(pool: Any, running: Running) -> list[tuple[str, Any]]:
    """Return what runs in a pool that has all its threads; an empty list if it has not."""
    if not running or len(pool._threads) < pool._max_workers:
        return []
    return [*running.values()]


def words(calls: Iterable[tuple[str, Any]]) -> str:
    """Return `3 x app.views.report for GET /report, app.views.smoke for GET /`."""
    counts = Counter(_words(function, span) for function, span in calls)
    shown = [
        text if count == 1 else f"{count} x {text}"
        for text, count in counts.most_common(MOST_NAMED)
    ]
    if (more := sum(counts.values()) - sum(n for _, n in counts.most_common(MOST_NAMED))) > 0:
        shown.append(f"{more} more")
    return ", ".join(shown)


def _words(function: str, span: Any) -> str:
    return f"{function or 'a call'} for {request_name(span) or ''}"
