"""The critical path of a whole request, as segments, and the self-time of each span on it.

The walk goes from the end of the request backwards, into each awaited child on the path of its
group, and so on down; time that no child on the path covers belongs to the parent. Each span is
entered at most once and with a window of its own, so segments never overlap, and they add up to
the request's duration. Nothing here recurses: depth is bounded by memory alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlap import names
from overlap.judge.model import PathSegment, SelfTime
from overlap.judge.path.awaited import awaited_path
from overlap.judge.path.segment import RequestPath, Segment
from overlap.judge.tree.span_tree import NS_PER_MS, Tree


def request_path(tree: Tree, request: int) -> RequestPath:
    """Return a request's critical path. O(n log n)."""
    found = tree.request_paths.get(request)
    if found is None:
        found = tree.request_paths[request] = _walk(tree, request)
    return found


def _walk(tree: Tree, request: int) -> RequestPath:
    backwards: list[Segment] = []
    lengths: dict[int, int] = {}
    todo = [(request, tree.starts[request], tree.ends[request], False)]
    while todo:
        span, start, end, own = todo.pop()
        if not own:
            lengths[span] = end - start
            if span in tree.children:
                todo.extend(reversed(_parts(tree, span, start, end)))
                continue
            if start == end:
                continue
        if backwards and backwards[-1][0] == span:
            backwards[-1] = (span, start, backwards[-1][2])
        else:
            backwards.append((span, start, end))
    backwards.reverse()
    return RequestPath(backwards, lengths)


def _parts(tree: Tree, parent: int, low: int, high: int) -> list[tuple[int, int, int, bool]]:
    """Return what a span's window consists of, the last part first; none is empty.

    Each is a span, its start and end, and whether it is the span's own time: otherwise it is a
    window for the span and those below it, still to be walked.
    """
    parts = []
    starts, ends = tree.starts, tree.ends
    path = awaited_path(tree, parent)
    queued = names.THREAD_CALLS in tree.words
    for position in range(len(path) - 1, -1, -1):
        child = path[position]
        start = starts[child]
        if queued:
            # A wait for a thread is the child's own time, but for what ran before it on the path.
            before = ends[path[position - 1]] if position else low
            start = min(tree.running(child)[0], max(start, before))
        start = start if start > low else low
        end = ends[child]
        end = end if end < high else high
        if start >= end:
            continue
        if end < high:
            parts.append((parent, end, high, True))
        parts.append((child, start, end, False))
        high = start
    if low < high:
        parts.append((parent, low, high, True))
    return parts


def path_segments(tree: Tree, path: Sequence[Segment]) -> list[PathSegment]:
    """Return the segments as the verdict lists them: in ms, from the request's start."""
    if not path:
        return []
    begin = path[0][1]
    return [
        PathSegment(
            (span := tree.spans[index]).name,
            span.span_id,
            span.service,
            (start - begin) / NS_PER_MS,
            (end - start) / NS_PER_MS,
        )
        for index, start, end in path
    ]


def self_times(tree: Tree, path: Sequence[Segment]) -> list[SelfTime]:
    """Return how much of the path is each span's own time, the longest first."""
    totals: dict[int, int] = {}
    for index, start, end in path:
        totals[index] = totals.get(index, 0) + end - start
    whole = sum(totals.values())
    return [
        SelfTime(
            (span := tree.spans[index]).name,
            span.span_id,
            span.service,
            (total := totals[index]) / NS_PER_MS,
            round(total / whole, 6),
        )
        for index in sorted(sorted(totals), key=totals.__getitem__, reverse=True)
    ]
