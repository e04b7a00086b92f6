"""Work in threads: in a row on one thread although asked for at once, or kept waiting for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration, listing
from overlap.judge.tree.span_tree import Tree, plain, process
from overlap.judge.why.context import NS_PER_MS, Scene, share

LEAST_QUEUED_MS = 10.0
"""Work that had to wait this long for its thread is told."""


def reasons(scene: Scene) -> Iterator[Why]:
    """Rows on one thread, the longest first; then waits for a thread that nothing explains."""
    rows = sorted(_rows(scene), key=lambda row: (-_length(scene.tree, row), row))
    told: set[int] = set()
    for row in rows:
        told.update(row)
        yield Why(_row(scene, row), scene.ids(row))
    late = [
        index
        for index in range(len(scene.tree.spans))
        if index not in told and scene.number(index, names.THREAD_QUEUED_MS) >= LEAST_QUEUED_MS
    ]
    # What work was given out under has the sum of it: told already, if the work itself is.
    known = {scene.tree.parents[index] for index in (*told, *late)}
    late = [
        index
        for index in late
        if index not in known or names.THREAD_CALLS not in scene.tree.spans[index].attributes
    ]
    late.sort(key=lambda index: (-scene.number(index, names.THREAD_QUEUED_MS), index))
    if late:
        worst = late[0]
        waited = duration(scene.number(worst, names.THREAD_QUEUED_MS))
        more = f", and so did {len(late) - 1} more" if len(late) > 1 else ""
        yield Why(f"{scene.called(worst)} waited {waited} for a free thread{more}", scene.ids(late))


def asked_at_once(scene: Scene, work: Sequence[int]) -> bool:
    """Whether each span was asked for before the one before it, on the same thread, had ended."""
    ordered = sorted(work, key=lambda index: (scene.tree.starts[index], index))
    return len(ordered) > 1 and all(_waited_behind(scene, a, b) for a, b in pairwise(ordered))


def _waited_behind(scene: Scene, before: int, index: int) -> bool:
    tree = scene.tree
    queued = scene.number(index, names.THREAD_QUEUED_MS) * NS_PER_MS
    asked = tree.starts[index] - queued
    return (
        queued > 0
        and _place(tree, before) == _place(tree, index)
        # It waited behind it for at least half of its time there.
        and 2 * (tree.ends[before] - asked) >= scene.duration(before)
        and tree.starts[index] >= tree.ends[before]
    )


def _place(tree: Tree, index: int) -> tuple[str, str | None, str | None]:
    span = tree.spans[index]
    return span.service, process(span), plain(span.attributes.get(names.THREAD_ID))


def _rows(scene: Scene) -> Iterator[list[int]]:
    """Spans of one request, on one thread, each asked for while the one before it ran."""
    tree = scene.tree
    lanes: dict[object, list[int]] = {}
    for index, span in enumerate(tree.spans):
        if tree.is_work(index) and {names.THREAD_QUEUED_MS, names.THREAD_ID} <= {*span.attributes}:
            lanes.setdefault((scene.servers.get(index), _place(tree, index)), []).append(index)
    for lane in lanes.values():
        lane.sort(key=lambda index: (tree.starts[index], index))
        row = lane[:1]
        for before, index in pairwise(lane):
            if _waited_behind(scene, before, index):
                row.append(index)
                continue
            if len(row) > 1:
                yield row
            row = [index]
        if len(row) > 1:
            yield row


def _row(scene: Scene, row: list[int]) -> str:
    tree = scene.tree
    queries = all(
        names.DB_SYSTEM in tree.spans[index].attributes
        or names.DB_SYSTEM_NAME in tree.spans[index].attributes
        for index in row
    )
    name = tree.spans[row[0]].attributes.get(names.THREAD_NAME)
    thread = f" ({clean(name)})" if isinstance(name, str) and name else ""
    if queries:
        what, cause = f"{len(row)} queries", "Django's ORM ran them on one thread"
    else:
        what = listing([tree.spans[index].name for index in row])
        cause = "they shared one thread"
        if any(scene.attribute(index, names.THREAD_SENSITIVE) is True for index in row):
            cause = "thread-sensitive work of a request runs on one thread"
    took = share(sum(scene.duration(index) for index in row), _length(tree, row))
    return f"{what} ran one after another although asked for at once: {cause}{thread} ({took})"


def _length(tree: Tree, row: list[int]) -> int:
    return tree.ends[row[-1]] - tree.starts[row[0]]
