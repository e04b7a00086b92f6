"""The part of a request in which no span runs below it: what happened there is not in the trace."""

from __future__ import annotations

from typing import Final

from overlap import names
from overlap.judge.findings.stages import union_length
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number

LEAST_MS: Final = 5.0
"""Less than this is not worth a sentence."""
LEAST_REQUEST_MS: Final = 20.0
"""Of shorter requests nobody asks."""
LEAST_PART: Final = 5
"""Nor is less than this part, 1/n, of the request."""


def uncovered(tree: Tree, index: int) -> int:
    """Return for how long no child of a span ran, in ns.

    A block of the event loop is covered, and so is a wait that has a span, and the wait for a
    thread before a child.
    """
    found = tree.uncovered.get(index)
    if found is None:
        low, high = tree.starts[index], tree.ends[index]
        found = tree.uncovered[index] = high - low - union_length(_covered(tree, index))
    return found


def gaps(tree: Tree, index: int) -> list[tuple[int, int]]:
    """Return when no child of a span ran, in order."""
    found, at = [], tree.starts[index]
    for start, end in sorted(_covered(tree, index)):
        if at < start:
            found.append((at, start))
        at = max(at, end)
    if at < tree.ends[index]:
        found.append((at, tree.ends[index]))
    return found


def _covered(tree: Tree, index: int) -> list[tuple[int, int]]:
    low, high = tree.starts[index], tree.ends[index]
    waits = names.THREAD_QUEUED_MS in tree.words
    explained = names.SPAN_BLOCKED in tree.words or names.WAIT_KIND in tree.words
    times = []
    starts, ends, work = tree.starts, tree.ends, tree.work
    for child in tree.children.get(index, ()):
        if work[child] or (explained and _is_explanation(tree, child)):
            start, end = starts[child], ends[child]
            if waits:
                start -= _queued(tree, child)
            start = start if start > low else low
            end = end if end < high else high
            if start < end:
                times.append((start, end))
    return times


def _is_explanation(tree: Tree, index: int) -> bool:
    """Return whether a span says what delayed its parent: a block of the loop, or a wait."""
    span = tree.spans[index]
    return span.name == names.SPAN_BLOCKED or names.WAIT_KIND in span.attributes


def _queued(tree: Tree, index: int) -> int:
    if names.THREAD_CALLS in tree.spans[index].attributes:
        return 0  # the waits of the calls below it
    return round(number(tree.spans[index], names.THREAD_QUEUED_MS) * NS_PER_MS)


def is_reported(tree: Tree, index: int) -> bool:
    """Return whether a sentence says what is known of a request's uncovered part."""
    whole = (tree.ends[index] - tree.starts[index]) / NS_PER_MS
    return whole >= LEAST_REQUEST_MS and is_much(uncovered(tree, index) / NS_PER_MS, whole)


def is_much(uncovered_ms: float, whole_ms: float) -> bool:
    """Return whether the uncovered part of a request is reported."""
    return uncovered_ms >= LEAST_MS and uncovered_ms * LEAST_PART >= whole_ms
