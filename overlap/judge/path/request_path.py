"""The critical path of a whole request, as segments, and the self-time of each span on it.

The walk goes from the end of the request backwards, into each awaited child on the path of its
group, and so on down; time that no child on the path covers belongs to the parent. Each span is
entered at most once and with a window of its own, so segments never overlap, and they add up to
the request's duration. Nothing here recurses: depth is bounded by memory alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from overlap.judge.model import PathSegment, SelfTime
from overlap.judge.path.awaited import awaited_path
from overlap.judge.tree.span_tree import NS_PER_MS, Tree


class Segment(NamedTuple):
    """A part of the critical path, in ns; or a span still to be walked, within these bounds."""

    span: int
    start: int
    end: int
    own: bool = True
    """Whether it is the span's own time, not a window for the span and those below it."""


def request_path(
    tree: Tree, request: int, windows: dict[int, Segment] | None = None
) -> list[Segment]:
    """Return the segments of a request's critical path in order of time. O(n log n).

    `windows` receives, by span, the part of the path that a span and those below it take.
    """
    backwards: list[Segment] = []
    todo = [Segment(request, tree.starts[request], tree.ends[request], own=False)]
    while todo:
        found = todo.pop()
        if not found.own:
            if windows is not None:
                windows[found.span] = found
            todo.extend(reversed(_parts(tree, found)))
        elif backwards and backwards[-1].span == found.span:
            backwards[-1] = Segment(found.span, found.start, backwards[-1].end)
        else:
            backwards.append(found)
    return backwards[::-1]


def _parts(tree: Tree, window: Segment) -> list[Segment]:
    """Return what a span's window consists of, the last part first; none is empty."""
    parts = []
    parent, low, high = window.span, window.start, window.end
    if parent not in tree.children:
        return [Segment(parent, low, high)] if low < high else []
    path = awaited_path(tree, parent)
    for position in reversed(range(len(path))):
        child = path[position]
        # A wait for a thread is the child's own time, but for what ran before it on the path.
        before = tree.ends[path[position - 1]] if position else low
        running, _ = tree.running(child)
        start = max(min(running, max(tree.starts[child], before)), low)
        end = min(tree.ends[child], high)
        if start >= end:
            continue
        if end < high:
            parts.append(Segment(parent, end, high))
        parts.append(Segment(child, start, end, own=False))
        high = start
    if low < high:
        parts.append(Segment(parent, low, high))
    return parts


def path_segments(tree: Tree, path: Sequence[Segment]) -> list[PathSegment]:
    """Return the segments as the verdict lists them: in ms, from the request's start."""
    return [
        PathSegment(
            span=tree.spans[index].name,
            span_id=tree.spans[index].span_id,
            service=tree.spans[index].service,
            start_ms=(start - path[0].start) / NS_PER_MS,
            ms=(end - start) / NS_PER_MS,
        )
        for index, start, end, _ in path
    ]


def self_times(tree: Tree, path: Sequence[Segment]) -> list[SelfTime]:
    """Return how much of the path is each span's own time, the longest first."""
    totals: dict[int, int] = {}
    for index, start, end, _ in path:
        totals[index] = totals.get(index, 0) + end - start
    whole = sum(totals.values())
    return [
        SelfTime(
            span=tree.spans[index].name,
            span_id=tree.spans[index].span_id,
            service=tree.spans[index].service,
            ms=total / NS_PER_MS,
            share=round(total / whole, 6),
        )
        for index, total in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    ]
