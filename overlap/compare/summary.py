"""A comparison in plain sentences, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.compare import model
from overlap.compare.comparison import differs
from overlap.compare.model import Change, Comparison
from overlap.judge.summary import clean, duration, listing


def sentence(comparison: Comparison) -> str:
    """Say what is otherwise in B, what weighs most first.

    Names from the traces come without control characters and cut to a readable length; they
    are not escaped for HTML or for rich.
    """
    said = "; ".join(_clauses(comparison))
    return f"{said[:1].upper()}{said[1:]}."


def counted(count: int, ms: float) -> str:
    """How long the spans of one path took together: `12 ms`, `3 x, 36 ms`; `-` for none."""
    if not count:
        return "-"
    return duration(ms) if count == 1 else f"{count} x, {duration(ms)}"


def name(change: Change) -> str:
    """The span's name, safe to print; both where they differ."""
    ends = [path[-1] for path in (change.a_path, change.b_path) if path]
    return " / ".join(dict.fromkeys(clean(end) for end in ends))


def _clauses(comparison: Comparison) -> Iterator[str]:
    a, b = comparison.a, comparison.b
    if comparison.same:
        yield "nothing is otherwise"
    for what, said in ((model.CONCURRENT, "now at once"), (model.APART, "no longer at once")):
        if found := _names(comparison, what):
            yield f"{said}: {listing(found)}"
    if differs(a.wall_ms, b.wall_ms):
        yield f"the whole takes {_against(a.wall_ms, b.wall_ms)}"
    elif not comparison.same:
        yield f"the whole takes as long, {duration(b.wall_ms)}"
    if differs(a.blocked_ms, b.blocked_ms):
        yield f"the event loop stands still for {_against(a.blocked_ms, b.blocked_ms)}"
    for what, said in (
        (model.BACKGROUND, "now past the response"),
        (model.WITHIN, "now within the response"),
        (model.FAILED, "now failing"),
        (model.MENDED, "failing no more"),
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
