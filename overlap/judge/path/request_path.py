"""The critical path of a whole request, as segments, and the self-time of each span on it.

Where the trace holds which task waited for which, the path follows that (recorded_walk.py);
elsewhere it is judged by the times of the spans:

The walk goes from the end of the request backwards, into each awaited child on the path of its
group, and so on down; time that no child on the path covers belongs to the parent. Each span is
entered at most once and with a window of its own, so segments never overlap, and they add up to
the request's duration. Nothing here recurses: depth is bounded by memory alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from overlap import names
from overlap.judge.model import RECORDED, TIMING, PathSegment, SelfTime
from overlap.judge.path.awaited import awaited_path
from overlap.judge.path.recorded_walk import recorded_walk
from overlap.judge.path.segment import RequestPath, Segment
from overlap.judge.tree.span_tree import NS_PER_MS, Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.judge.tree.tasks import task_record


def request_path(tree: Tree, request: int) -> RequestPath:
    """Return a request's critical path. O(n log n)."""
    found = tree.request_paths.get(request)
    if found is None:
        walk = recorded_walk if task_record(tree).numbers else _walk
        found = tree.request_paths[request] = walk(tree, request)
    return found


def _walk(tree: Tree, request: int) -> RequestPath:
    starts, ends, children = tree.starts, tree.ends, tree.children
    queued = names.THREAD_CALLS in tree.words
    backwards: list[Segment] = []
    low, high = starts[request], ends[request]
    lengths = {request: high - low}
    own: dict[int, int] = {}
    span, path = request, awaited_path(tree, request)
    position = len(path) - 1
    above: list[tuple[int, list[int], int, int, int]] = []  # where to go on, up to the request
    while True:
        child = NO_PARENT
        while position >= 0:
            child = path[position]
            start, end = starts[child], ends[child]
            end = end if end < high else high
            if queued:
                # A wait for a thread is the child's own time, but for what ran before it on
                # the path.
                before = ends[path[position - 1]] if position else low
                start = min(tree.running(child)[0], max(start, before))
            start = start if start > low else low
            position -= 1
            if start >= end:
                continue
            if end < high:
                backwards.append((span, end, high))
                own[span] = own.get(span, 0) + high - end
            high = start
            lengths[child] = end - start
            if child in children:
                break
            backwards.append((child, start, end))
            own[child] = end - start
        else:
            if low < high:
                backwards.append((span, low, high))
                own[span] = own.get(span, 0) + high - low
            if not above:
                break
            span, path, position, low, high = above.pop()
            continue
        above.append((span, path, position, low, high))
        span, path, low, high = child, awaited_path(tree, child), start, end
        position = len(path) - 1
    backwards.reverse()
    return RequestPath(backwards, lengths, own)


def path_segments(tree: Tree, path: RequestPath) -> list[PathSegment]:
    """Return the segments as the verdict lists them: in ms, from the request's start."""
    if not path.segments:
        return []
    begin = path.segments[0][1]
    return [
        PathSegment(
            (span := tree.spans[index]).name,
            span.span_id,
            span.service,
            (start - begin) / NS_PER_MS,
            (end - start) / NS_PER_MS,
            RECORDED if index in path.recorded else TIMING,
        )
        for index, start, end in path.segments
    ]


def evidence(path: RequestPath) -> str:
    """Return `recorded` if all of a path is; otherwise `timing`."""
    is_recorded = path.recorded and path.recorded.issuperset(path.own)
    return RECORDED if is_recorded else TIMING


def self_times(tree: Tree, totals: Mapping[int, int]) -> list[SelfTime]:
    """Return how much of a path is each span's own time, the longest first."""
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
