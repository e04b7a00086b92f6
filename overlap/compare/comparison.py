"""Compare two traces: match their spans by path of names, and list what differs."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.compare import model
from overlap.compare.model import Change, Comparison, Side
from overlap.compare.span_paths import Match, Node, matched, tree
from overlap.judge import SHAPES, Verdict, verdict
from overlap.trace import Trace
from overlap.waterfall import Waterfall, layout

TOLERANCE = 0.1
"""A time that differs by no more than this share of the longer one is the same."""
TOLERANCE_MS = 2.0
"""Nor is a difference this small: two runs of the same work differ by as much."""
_ALL = 2**62


def compare(
    a: Trace,
    b: Trace,
    verdict_a: Verdict | None = None,
    verdict_b: Verdict | None = None,
) -> Comparison:
    """Return what differs in `b` from `a`, with spans matched by their path of names.

    Pure; accepts any spans. compare(a, a) finds no change, and compare(b, a) is the
    opposite of compare(a, b). Verdicts that are not given are computed.
    """
    verdict_a, verdict_b = verdict_a or verdict(a), verdict_b or verdict(b)
    fall_a, fall_b = layout(a, verdict_a, limit=_ALL), layout(b, verdict_b, limit=_ALL)
    found = (_change(match) for match in matched(tree(fall_a.bars), tree(fall_b.bars)))
    return Comparison(
        a=_side(a, verdict_a, fall_a),
        b=_side(b, verdict_b, fall_b),
        gained=_only_in(verdict_b, verdict_a),
        given_up=_only_in(verdict_a, verdict_b),
        changes=[change for change in found if change.what],
    )


def differs(a_ms: float, b_ms: float) -> bool:
    """Return whether two times differ by more than two runs of the same work do."""
    return abs(a_ms - b_ms) > max(TOLERANCE_MS, TOLERANCE * max(a_ms, b_ms))


def _side(trace: Trace, found: Verdict, waterfall: Waterfall) -> Side:
    return Side(
        trace_id=trace.trace_id,
        shapes=found.shapes,
        wall_ms=round(waterfall.total_ms, 3),
        spans=len(waterfall.bars),
        overlap_factor=max((group.overlap_factor for group in found.groups), default=1.0),
        blocked_ms=round(sum(block.ms for block in found.blocked), 3),
    )


def _only_in(one: Verdict, other: Verdict) -> list[str]:
    return [shape for shape in SHAPES if shape in one.shapes and shape not in other.shapes]


def _change(match: Match) -> Change:
    a, b = match
    return Change(
        what=list(_what(a, b)),
        a_path=a.path() if a else None,
        b_path=b.path() if b else None,
        a_count=len(a.bars) if a else 0,
        b_count=len(b.bars) if b else 0,
        a_ms=a.total_ms if a else 0.0,
        b_ms=b.total_ms if b else 0.0,
        below=(a.below() if a else 0) + (b.below() if b else 0) if None in match else 0,
    )


def _what(a: Node | None, b: Node | None) -> Iterator[str]:
    if a is None or b is None:
        yield model.APPEARED if a is None else model.VANISHED
        return
    steps = (
        (model.CONCURRENT, model.NOT_CONCURRENT, _any(a, "concurrent"), _any(b, "concurrent")),
        (model.MORE, model.FEWER, len(a.bars), len(b.bars)),
        (model.BACKGROUND, model.WITHIN, _any(a, "background"), _any(b, "background")),
        (model.OFFLOADED, model.ON_PARENT_THREAD, _any(a, "offloaded"), _any(b, "offloaded")),
        (model.FAILED, model.FIXED, _any(a, "error"), _any(b, "error")),
    )
    for up, down, before, after in steps:
        if before != after:
            yield up if after > before else down
    before_ms, after_ms = a.total_ms, b.total_ms
    if differs(before_ms, after_ms):
        yield model.SLOWER if after_ms > before_ms else model.FASTER


def _any(node: Node, fact: str) -> bool:
    return any(getattr(bar, fact) for bar in node.bars)
