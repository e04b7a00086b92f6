"""What a response waited for: the critical path of its work, and what ran beside it for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.findings.beyond_response import OUTLIVED_NS
from overlap.judge.findings.groups import critical_path
from overlap.judge.findings.stages import stages, union_length
from overlap.judge.model import Why
from overlap.judge.summary import listing
from overlap.judge.tree.span_tree import Tree, plain, same_process
from overlap.judge.why.context import Scene, share
from overlap.judge.why.threads import asked_at_once

LEAST_SHARE = 20
"""What takes less than this part, one in so many, of a path is not named."""
LEAST_PART = 10
"""Work that is less than this part, one in so many, of its parent's time explains nothing."""
LEAST_NS = 1_000_000
"""Shorter than this, nobody asks why."""


def reasons(scene: Scene) -> Iterator[Why]:
    """What each span waited for, requests first, then the longest."""
    tree = scene.tree
    parents = [
        index
        for index in tree.children
        if names.SCENARIO_NAME not in tree.spans[index].attributes
        and scene.duration(index) >= LEAST_NS
        and not scene.is_neighbour(index)
    ]
    parents.sort(key=lambda i: (tree.spans[i].kind != "server", -scene.duration(i), i))
    for parent in parents:
        work = [index for index in _waited_for(tree, parent) if not _is_same_request(scene, index)]
        if work and (len(work) > 1 or tree.spans[parent].kind == "server"):
            waited = union_length((tree.starts[index], tree.ends[index]) for index in work)
            if waited * LEAST_PART >= scene.duration(parent):
                yield _reason(scene, parent, work)


def _waited_for(tree: Tree, parent: int) -> Iterator[int]:
    """The children that were over when their parent was."""
    for index in tree.children[parent]:
        if tree.is_work(index) and tree.ends[index] <= tree.ends[parent] + OUTLIVED_NS:
            yield index


def _is_same_request(scene: Scene, index: int) -> bool:
    """A server span below its client span: a request seen from its two ends."""
    tree = scene.tree
    return tree.spans[index].kind == "server" and tree.spans[tree.parents[index]].kind == "client"


def _reason(scene: Scene, parent: int, work: list[int]) -> Why:
    tree = scene.tree
    times = [(tree.starts[index], tree.ends[index]) for index in work]
    path = [
        work[place] for place in critical_path(times, [tree.spans[index].name for index in work])
    ]
    whole = sum(scene.duration(index) for index in path)
    named = [index for index in path if scene.duration(index) * LEAST_SHARE >= whole] or path
    waited = union_length((tree.starts[index], tree.ends[index]) for index in path)
    waited = min(waited, scene.duration(parent))
    told = f"({share(waited, scene.duration(parent))})"
    subject = scene.subject(parent)
    found = stages(times)
    if len(found) > 1 and all(len(stage) == 1 for stage in found):
        text = f"{subject} waited for {_chain(scene, named)} {told}, {_in_a_row(scene, work)}"
        return Why(text, scene.ids([parent, *work]))
    on_path, at_once = set(path), [stage for stage in found if len(stage) > 1]
    beside = [work[place] for stage in at_once for place in stage if work[place] not in on_path]
    beside.sort(key=lambda index: (tree.starts[index], index))
    text = f"{subject} waited for {_chain(scene, named)} {told}"
    if beside:
        who = listing([tree.spans[index].name for index in beside])
        text = f"{who} cost no time of {'its' if len(beside) == 1 else 'their'} own; {text}"
    return Why(text, scene.ids([parent, *named, *beside]))


def _chain(scene: Scene, path: list[int]) -> str:
    """`get_smokables, then smoke`; equal ones counted, and a long chain cut."""
    steps: list[list[str]] = []
    for index in path:
        name = scene.tree.spans[index].name
        if steps and steps[-1][0] == name:
            steps[-1].append(name)
        else:
            steps.append([name])
    shown = [listing(step) for step in steps[:4]]
    if len(steps) > 4:
        shown.append(f"{len(steps) - 4} more")
    return ", then ".join(shown)


def _in_a_row(scene: Scene, work: list[int]) -> str:
    """Why siblings came one after another, as far as the trace tells."""
    tree = scene.tree
    count = "both" if len(work) == 2 else f"all {len(work)}"
    threads = {_thread(tree, index) for index in work}
    if asked_at_once(scene, work):
        return f"one after another although asked for at once: {count} ran on one thread"
    parent = tree.parents[work[0]]
    inside = all(same_process(tree.spans[index], tree.spans[parent]) for index in work)
    if len(threads) == 1 and None not in threads and inside:
        elsewhere = threads != {_thread(tree, parent)} and _thread(tree, parent) is not None
        # Each a piece of work of its own, or all of them one.
        pieces = sum(names.THREAD_QUEUED_MS in tree.spans[index].attributes for index in work)
        if elsewhere and pieces < len(work):
            return f"one after another: synchronous code, {count} in one thread"
        return "one after another: each began only when the one before it had ended"
    return "one after another"


def _thread(tree: Tree, index: int) -> str | None:
    return plain(tree.spans[index].attributes.get(names.THREAD_ID))
