"""The critical path of a request, followed through what its tasks waited for, as was recorded.

Spans that have no record (of other services, for example) are divided by the times of theirs.
"""

from __future__ import annotations

from overlap.judge.path.awaited import awaited, awaited_path
from overlap.judge.path.recorded_parts import Part, part_start, recorded_parts
from overlap.judge.path.segment import RequestPath, Segment
from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.tasks import task_record


def recorded_walk(tree: Tree, request: int) -> RequestPath:
    """Return a request's critical path. Each window is divided once, so it ends."""
    record = task_record(tree)
    backwards: list[Segment] = []
    lengths: dict[int, int] = {}
    own: dict[int, int] = {}
    decided = {request: record.is_recorded(request)}
    todo = [_window(tree, request, tree.starts[request], tree.ends[request])]
    while todo:
        part = todo.pop()
        span = part.span
        if not part.own:
            _enter(tree, lengths, part)
            if span in tree.children or (span, part.task) in record.edges:
                for each in reversed(_divided(tree, request, part)):
                    todo.append(each)
                    if each.span not in decided:
                        decided[each.span] = not each.by_times and (
                            record.is_recorded(each.span)
                            or (decided[span] and len(awaited(tree, each.span)) <= 1)
                        )
                continue
            if part.start == part.end:
                continue
        own[span] = own.get(span, 0) + part.end - part.start
        end = part.end
        if backwards and backwards[-1][0] == span:
            end = backwards.pop()[2]
        backwards.append((span, part.start, end))
    backwards.reverse()
    recorded = frozenset([span for span, is_recorded in decided.items() if is_recorded])
    return RequestPath(backwards, lengths, own, recorded)


def _window(tree: Tree, span: int, start: int, end: int) -> Part:
    return Part(span, start, end, False, task_record(tree).numbers[span])


def _enter(tree: Tree, lengths: dict[int, int], part: Part) -> None:
    """Add a window to the length of its span. Where a wait led to it, it is that of the waiting."""
    above = []
    index = part.span
    while index not in lengths and tree.parents[index] >= 0:
        above.append(index)
        index = tree.parents[index]
    for each in (index, *reversed(above)):  # parents come first
        lengths.setdefault(each, 0)
    if not part.jumps:
        lengths[part.span] += part.end - part.start


def _divided(tree: Tree, request: int, window: Part) -> list[Part]:
    """Return the parts of a window, the last first."""
    record, span = task_record(tree), window.span
    if not record.is_recorded(span):
        return _by_times(tree, window)
    parts = recorded_parts(tree, window, awaited(tree, span))
    if record.regions[span] != record.regions[request] or record.regions[request] == request:
        return parts
    # The request is a part of its region: what is elsewhere in it is not below the request.
    return [
        Part(span, each.start, each.end, True, each.task)
        if each.jumps and each.span != span
        else each
        for each in parts
    ]


def _by_times(tree: Tree, window: Part) -> list[Part]:
    """Return the parts of a window by the times of the children, the last first."""
    parent, low, high = window.span, window.start, window.end
    parts = []
    path = awaited_path(tree, parent)
    for position in range(len(path) - 1, -1, -1):
        child = path[position]
        start, end = part_start(tree, path, position, low), min(tree.ends[child], high)
        if start >= end:
            continue
        if end < high:
            parts.append(Part(parent, end, high, True, window.task))
        parts.append(_window(tree, child, start, end))
        high = start
    if low < high:
        parts.append(Part(parent, low, high, True, window.task))
    return parts
