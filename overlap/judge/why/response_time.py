"""Sentences about what a response waited for: its critical path, and what ran beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from typing import Final

from overlap import names
from overlap.judge.findings.concurrency_limit import calls_by_name, concurrency_limit
from overlap.judge.findings.stages import stages, union_length
from overlap.judge.findings.thread_rows import requested_at_once
from overlap.judge.model import Why
from overlap.judge.path.awaited import awaited, awaited_path, awaited_stages
from overlap.judge.path.group_path import group_path
from overlap.judge.summary import clean, duration, listing
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, plain, same_process
from overlap.judge.tree.tasks import task_record

LEAST_SHARE: Final = 20
"""What takes less than this part, one in so many, of a path is not named."""
LEAST_PART: Final = 10
"""Work that is less than this part, one in so many, of its parent's time explains nothing."""
LEAST_NS: Final = 1_000_000
"""Shorter than this, nobody asks why."""


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield what each span waited for: requests first, then the longest."""
    tree = context.tree
    parents = [
        index
        for index in tree.children
        if tree.ends[index] - tree.starts[index] >= LEAST_NS
        and names.SCENARIO_NAME not in tree.spans[index].attributes
        and not context.is_neighbour(index)
    ]
    if len(parents) > 1:
        parents.sort(key=lambda i: (tree.spans[i].kind != "server", -context.duration(i), i))
    for parent in parents:
        work = awaited(tree, parent)
        if tree.spans[parent].kind == "client":
            work = [index for index in work if tree.spans[index].kind != "server"]  # one request
        calls = len(work) > 1 or tree.spans[parent].kind == "server"
        if work and calls and _is_part(context, parent, work):
            path, found = _path_and_stages(tree, parent, work)
            if path:  # otherwise it is recorded that it waited for none of them
                yield _reason(context, parent, work, path, found)


def _is_part(context: TraceContext, parent: int, work: list[int]) -> bool:
    """Return whether work covers enough of its parent's time to explain it."""
    tree, whole = context.tree, context.duration(parent)
    times = [(tree.starts[index], tree.ends[index]) for index in work]
    longest = max([end - start for start, end in times])
    # As a rule one span is long enough by itself.
    return longest * LEAST_PART >= whole or union_length(times) * LEAST_PART >= whole


def _path_and_stages(tree: Tree, parent: int, work: list[int]) -> tuple[list[int], list[list[int]]]:
    """Return what decided when a span could continue, and the stages of its children."""
    if work is awaited(tree, parent):
        return awaited_path(tree, parent), awaited_stages(tree, parent)
    times = tree.all_running(work)
    found = [[work[place] for place in stage] for stage in stages(times)]
    if task_record(tree).is_recorded(parent):
        return [index for index in awaited_path(tree, parent) if index in work], found
    called = [tree.spans[index].name for index in work]
    return [work[place] for place in group_path(times, called)], found


def _reason(
    context: TraceContext, parent: int, work: list[int], path: list[int], found: list[list[int]]
) -> Why:
    tree = context.tree
    lengths = [tree.ends[index] - tree.starts[index] for index in path]
    whole = sum(lengths)
    large = [length * LEAST_SHARE >= whole for length in lengths]
    named = [*compress(path, large)] or path
    waited = union_length([(tree.starts[index], tree.ends[index]) for index in path])
    waited = min(waited, context.duration(parent))
    time = f"({share(waited, context.duration(parent))})"
    subject = context.subject(parent)
    if len(found) > 1 and all(len(stage) == 1 for stage in found):
        text = f"{subject} waited for {_chain(context, named)} {time}, {_in_a_row(context, work)}"
        return Why(text, context.ids([parent, *work]))
    on_path, at_once = set(path), [stage for stage in found if len(stage) > 1]
    beside = [index for stage in at_once for index in stage if index not in on_path]
    beside.sort(key=lambda index: (tree.starts[index], index))
    text = f"{subject} waited for {_chain(context, named)} {time}"
    if task_record(tree).is_recorded(parent):
        text += _own_time(tree, path, waited)
    elif _is_ambiguous(tree, named, beside):
        text = f"by times alone, {text}"
    limits = dict(_limits(tree, work))
    text += "".join(
        f"; {calls} x {clean(name)} ran {n} at a time" for name, (calls, n) in limits.items()
    )
    if others := [tree.spans[i].name for i in beside if tree.spans[i].name not in limits]:
        text += f"; {listing(others)} ran beside {'it' if len(named) == 1 else 'them'}"
    return Why(text, context.ids([parent, *named, *beside]))


def _own_time(tree: Tree, path: list[int], waited: int) -> str:
    """Say how much of its own a span did between what it waited for, if that is recorded."""
    between = tree.ends[path[-1]] - tree.starts[path[0]] - waited
    if len(path) < 2 or between < LEAST_NS or between * LEAST_SHARE < waited:
        return ""
    return f", with {duration(between / NS_PER_MS)} of its own between them"


def _is_ambiguous(tree: Tree, path: list[int], beside: list[int]) -> bool:
    """Return whether what is on the path may have waited for something that is not on it.

    By times, the one that ended last is taken; another that had ended too may be the right one.
    """
    return len(path) > 1 and any([tree.ends[i] <= tree.starts[path[-1]] for i in beside])


def _limits(tree: Tree, work: list[int]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the names of siblings that ran n at a time, with how many there were and n."""
    for name, members in calls_by_name(tree, work).items():
        if limit := concurrency_limit(tree.all_running(members)):
            yield name, (len(members), limit)


def _chain(context: TraceContext, path: list[int]) -> str:
    """`get_smokables, then smoke`; equal ones counted, and a long chain cut."""
    steps: list[list[str]] = []
    for index in path:
        name = context.tree.spans[index].name
        if steps and steps[-1][0] == name:
            steps[-1].append(name)
        else:
            steps.append([name])
    shown = [clean(step[0]) if len(step) == 1 else listing(step) for step in steps[:4]]
    if len(steps) > 4:
        shown.append(f"{len(steps) - 4} more")
    return ", then ".join(shown)


def _in_a_row(context: TraceContext, work: list[int]) -> str:
    """Say why siblings ran one after another, as far as the trace shows."""
    tree = context.tree
    count = "both" if len(work) == 2 else f"all {len(work)}"
    threads = {_thread(tree, index) for index in work}
    if requested_at_once(context, work):
        return f"one after another although requested at once: {count} ran on one thread"
    parent = tree.parents[work[0]]
    inside = all(same_process(tree.spans[index], tree.spans[parent]) for index in work)
    if len(threads) == 1 and None not in threads and inside:
        elsewhere = threads != {_thread(tree, parent)} and _thread(tree, parent) is not None
        # Each a piece of work of its own, or all of them one.
        pieces = sum(names.THREAD_QUEUED_MS in tree.spans[index].attributes for index in work)
        if elsewhere and pieces < len(work):
            return f"one after another: {count} are synchronous code in one thread"
        return "one after another: each began only after the previous one ended"
    return "one after another"


def _thread(tree: Tree, index: int) -> str | None:
    return plain(tree.spans[index].attributes.get(names.THREAD_ID))
