"""What else a trace is evidence of: work past the response, work in threads, work that was lost."""

from __future__ import annotations

from overlap import names
from overlap.judge.model import Background, Offloaded
from overlap.judge.tree.span_tree import NO_PARENT, Tree, ms, plain, same_process
from overlap.trace.model import Span

OUTLIVED_NS = 1_000_000
"""Work that ends at most this long after its response is the response's own tail."""


def background(tree: Tree) -> list[Background]:
    """Spans that end more than 1 ms after the nearest server span above them in their service.

    What is handed to a worker counts with the request that handed it on. The longest first.
    O(n log n).
    """
    found = []
    for index, server in nearest_servers(tree):
        outlived = tree.ends[index] - tree.ends[server]
        if outlived > OUTLIVED_NS and tree.is_work(index):
            found.append((-outlived, tree.spans[index].name))
    found.sort()
    return [Background(name, ms(-outlived)) for outlived, name in found]


def nearest_servers(tree: Tree) -> list[tuple[int, int]]:
    """Each span that works for a server span above it, with that one.

    It is the nearest of its own service, and for what a worker does that of the service which
    handed it on.
    """
    pairs = []
    above: dict[str, list[int]] = {}  # by service, the server spans on the way down
    todo = [index for index in tree.order if tree.parents[index] == NO_PARENT]
    while todo:
        index = todo.pop()
        if index < 0:  # on the way up again, past ~index
            above[tree.spans[~index].service].pop()
            continue
        span = tree.spans[index]
        servers = above.get(span.service)
        if not servers and span.kind == "consumer" and (parent := tree.parents[index]) != NO_PARENT:
            # Work that a request left to another service: still that request's.
            servers = above.get(tree.spans[parent].service)
        if servers:
            pairs.append((index, servers[-1]))
        if below := tree.children.get(index):
            server = _serving(span.kind, index, servers)
            if server != NO_PARENT:
                above.setdefault(span.service, []).append(server)
                todo.append(~index)
            todo.extend(below)
    return pairs


def _serving(kind: str, index: int, servers: list[int] | None) -> int:
    """The server span that what is below this span works for from here on; NO_PARENT: as above."""
    if kind == "server":
        return index
    return servers[-1] if kind == "consumer" and servers else NO_PARENT


def offloaded(tree: Tree) -> list[Offloaded]:
    """Spans on another thread than their parent's, in the same process, in order of start. O(n)."""
    found = []
    for index in sorted(range(len(tree.spans)), key=lambda i: (tree.starts[i], i)):
        parent = tree.parents[index]
        span = tree.spans[index]
        thread = plain(span.attributes.get(names.THREAD_ID))
        if parent == NO_PARENT or thread is None or span.name == names.SPAN_BLOCKED:
            continue
        above = tree.spans[parent]
        others = plain(above.attributes.get(names.THREAD_ID))
        if others is not None and others != thread and same_process(span, above):
            name = span.attributes.get(names.THREAD_NAME)
            found.append(Offloaded(span.name, name if isinstance(name, str) and name else thread))
    return found


def cancelled(tree: Tree) -> list[str]:
    """The names of spans that were cut short, in order of start. O(n log n)."""
    found = [
        index
        for index, span in enumerate(tree.spans)
        if span.attributes.get(names.CANCELLED) is True
        or span.attributes.get(names.TASK_END) == names.TASK_CANCELLED
    ]
    found.sort(key=lambda index: (tree.starts[index], index))
    return [tree.spans[index].name for index in found]


def lost(tree: Tree) -> list[str]:
    """The names of background tasks that were lost or cut, or started and never ended; sorted."""
    found: dict[str, str] = {}  # by task id, so that none is told twice
    started: list[tuple[str, str]] = []
    ended = set()
    for index, span in enumerate(tree.spans):
        task = plain(span.attributes.get(names.TASK_ID))
        if span.attributes.get(names.TASK_END) in names.TASK_GONE:
            found[f"task {task}" if task is not None else f"span {index}"] = _task_name(span)
        elif task is None:
            continue
        elif span.name == names.SPAN_TASK_STARTED or not tree.ended[index]:
            started.append((task, _task_name(span)))
        elif names.TASK_END in span.attributes:
            ended.add(task)
    for task, name in started:
        if task not in ended:
            found.setdefault(f"task {task}", name)
    return sorted(found.values())


def _task_name(span: Span) -> str:
    name = span.attributes.get(names.TASK_NAME)
    return name if isinstance(name, str) and name else span.name
