"""Summarise a comparison in one sentence, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.compare import model
from overlap.compare.comparison import differs
from overlap.compare.model import Change, Comparison
from overlap.judge.summary import clean, duration, listing


def sentence(comparison: Comparison) -> str:
    """Return what differs in B in one sentence, the weightiest first.

    Names from the traces lose control characters and are cut to a readable length; they
    are not escaped for HTML or for rich.
    """
    said = "; ".join(_clauses(comparison))
    return f"{said[:1].upper()}{said[1:]}."


def counted(count: int, ms: float) -> str:
    """Return the total duration of the spans of one path: `12 ms`, `3 x, 36 ms`; `-` for none."""
    if not count:
        return "-"
    return duration(ms) if count == 1 else f"{count} x, {duration(ms)}"


def name(change: Change) -> str:
    """Return the span's name, safe to print; both names where they differ."""
    ends = [path[-1] for path in (change.a_path, change.b_path) if path]
    return " / ".join(dict.fromkeys(clean(end) for end in ends))


def _clauses(comparison: Comparison) -> Iterator[str]:
    a, b = comparison.a, comparison.b
    if comparison.same:
        yield "nothing differs"
    for what, said in (
        (model.CONCURRENT, "now at once"),
        (model.NOT_CONCURRENT, "no longer at once"),
    ):
        if found := _names(comparison, what):
            yield f"{said}: {listing(found)}"
    if differs(a.wall_ms, b.wall_ms):
        yield f"the whole takes {_against(a.wall_ms, b.wall_ms)}"
    elif not comparison.same:
        yield f"the whole takes as long, {duration(b.wall_ms)}"
    if differs(a.blocked_ms, b.blocked_ms):
        yield f"the event loop is blocked for {_against(a.blocked_ms, b.blocked_ms)}"
    for what, said in (
        (model.BACKGROUND, "now past the response"),
        (model.WITHIN, "now within the response"),
        (model.FAILED, "now failing"),
        (model.FIXED, "no longer failing"),
        (model.APPEARED, "new"),
        (model.VANISHED, "gone"),
    ):
        if found := _names(comparison, what):
            yield f"{said}: {listing(found)}"


def _names(comparison: Comparison, what: str) -> list[str]:
    return [change.name for change in comparison.of(what)]


def _against(a_ms: float, b_ms: float) -> str:
    if not a_ms or not b_ms:
        return f"{duration(b_ms) if b_ms else 'no time'} instead of {duration(a_ms)}"
    share = abs(b_ms - a_ms) / a_ms
    how = f"{share:.0%} {'longer' if b_ms > a_ms else 'less'}"
    if b_ms >= 2 * a_ms:
        how = f"{b_ms / a_ms:.1f} times as long"
    return f"{duration(b_ms)} instead of {duration(a_ms)}, {how}"
