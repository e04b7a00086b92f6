"""Find the spans that each finding of a verdict is about: a picture marks their rows."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from overlap import names
from overlap.judge import Verdict
from overlap.judge.findings.beyond_response import nearest_servers
from overlap.judge.tree.span_tree import Tree, plain, same_process
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.blocked_by import delays

LOOKED_AT = 100
"""The most blocks, and requests above a block, that are examined for one row."""


def servers_above(tree: Tree) -> dict[int, int]:
    """Return for each span the server span above it that it works for."""
    return dict(nearest_servers(tree))


def stages(tree: Tree, verdict: Verdict) -> Iterator[tuple[int, int]]:
    """Yield each span of a stage with the stage's size; the verdict has the stages by name."""
    index_of = {span.span_id: index for index, span in enumerate(tree.spans)}
    for group in verdict.groups:
        parent = index_of.get(group.parent_id)
        if parent is None or (len(group.stages) == 1 and len(group.stages[0]) == 1):
            continue  # an only child is neither concurrent nor serial
        # By name, the sizes of the stages it stands in, the last first.
        sizes: dict[str, list[int]] = defaultdict(list)
        for stage in reversed(group.stages):
            for name in stage:
                sizes[name].append(len(stage))
        for index in sorted(tree.children.get(parent, ()), key=tree.starts.__getitem__):
            if sizes[tree.spans[index].name] and tree.is_work(index):
                yield index, sizes[tree.spans[index].name].pop()


def victims(tree: Tree, blocks: Sequence[int], servers: Mapping[int, int]) -> Iterator[int]:
    """Yield the requests that a block delayed: in flight during it, or sent during it.

    A request that had to wait to be accepted delays two rows, the client's and the server's.
    Links between block and victim count too.
    """
    yield from _linked(tree)
    spans_of_blocks = sorted((tree.starts[block], tree.ends[block], block) for block in blocks)
    begins = [start for start, _, _ in spans_of_blocks]
    for index, span in enumerate(tree.spans):
        if span.kind != "server" or not spans_of_blocks:
            continue
        client = tree.parents[index]
        called = client != NO_PARENT and tree.spans[client].kind == "client"
        sent = min(tree.starts[client], tree.starts[index]) if called else tree.starts[index]
        # One loop is blocked once at a time: the last blocks that began before it ended decide.
        last = bisect_left(begins, tree.ends[index])
        for start, end, block in reversed(spans_of_blocks[max(0, last - LOOKED_AT) : last]):
            if end < sent or not same_process(tree.spans[block], span):
                continue
            if index in _requests_above(block, servers):
                continue  # the request that blocked the loop
            yield index
            if called and start <= sent and end <= tree.starts[index]:
                yield client
            break


def _linked(tree: Tree) -> Iterator[int]:
    if not tree.linked and names.VICTIM_BLOCKED_BY not in tree.words:
        return
    index_of = {span.span_id: index for index, span in enumerate(tree.spans)}
    for index, span in enumerate(tree.spans):
        if any(delays(span)):
            yield index
        for link in span.links if span.name == names.SPAN_BLOCKED else ():
            # A block links to its victims only, even where the link lost its attributes.
            if link.span_id in index_of:
                yield index_of[link.span_id]


def _requests_above(block: int, servers: Mapping[int, int]) -> Iterator[int]:
    """Yield the requests that contain the block, the nearest first."""
    at = servers.get(block)
    for _ in range(LOOKED_AT):
        if at is None:
            return
        yield at
        at = servers.get(at)


def lost(tree: Tree) -> Iterator[int]:
    """Yield tasks recorded as lost or without an end: their span, or the span of their start."""
    if names.TASK_ID not in tree.words and names.TASK_END not in tree.words:
        return
    tasks = [plain(span.attributes.get(names.TASK_ID)) for span in tree.spans]
    marks = [span.name == names.SPAN_TASK_STARTED for span in tree.spans]
    seen = {task for task, mark in zip(tasks, marks, strict=True) if not mark}
    for index, span in enumerate(tree.spans):
        task = tasks[index]
        never_ended = task not in seen if marks[index] else not tree.ended[index]
        recorded = span.attributes.get(names.TASK_END) in names.TASK_UNFINISHED
        if recorded or (task is not None and never_ended):
            yield index


def elsewhere(tree: Tree, index: int) -> bool:
    """Return whether a span ran on another thread than its parent, in the same process."""
    if tree.parents[index] == NO_PARENT:
        return False
    span, parent = tree.spans[index], tree.spans[tree.parents[index]]
    mine, others = (plain(one.attributes.get(names.THREAD_ID)) for one in (span, parent))
    return same_process(span, parent) and None not in (mine, others) and mine != others
