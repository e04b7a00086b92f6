"""Work after the response, work in threads, cancelled work and lost tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.model import Background, Offloaded
from overlap.judge.tree.span_tree import (
    EVIDENCE,
    Tree,
    is_protocol_event,
    ms,
    on_threads,
    plain,
    same_process,
)
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.model import Span

OUTLIVED_NS: Final = 1_000_000
"""Work that ends at most this long after its response is not background work."""


def background(tree: Tree) -> list[Background]:
    """Return spans that end over 1 ms after the nearest server span above them in their service.

    Of spans below one another that outlived the same response only the topmost is listed.

    A queued task counts with the request that queued it. The longest first.
    O(n log n).
    """
    found = [
        (tree.ends[server] - tree.ends[index], tree.spans[index].name, index)
        for index, server in outliving(tree)
    ]
    found.sort()
    return [
        Background(name, ms(-outlived), tree.spans[index].span_id)
        for outlived, name, index in found
    ]


def outliving(tree: Tree) -> list[tuple[int, int]]:
    """Return the topmost spans that outlived their response, each with its server span. O(n)."""
    if tree.outliving is None:
        tree.outliving = [*_outliving(tree)]
    return tree.outliving


def _outliving(tree: Tree) -> Iterator[tuple[int, int]]:
    servers = nearest_servers(tree)
    if not servers:
        return
    if max(tree.ends) - min([tree.ends[server] for server in tree.requests]) <= OUTLIVED_NS:
        return
    outlived: dict[int, set[int]] = {}  # the responses that the spans above a span outlived
    none: set[int] = set()
    for index in tree.order:
        parent = tree.parents[index]
        above = outlived.get(parent, none)
        server = servers.get(index)
        if server is None or server in above or not tree.is_work(index):
            pass
        elif tree.ends[index] - tree.ends[server] > OUTLIVED_NS:
            yield index, server
            above = above | {server}
        if above:
            outlived[index] = above


def nearest_servers(tree: Tree) -> dict[int, int]:
    """Return each span that works for a server span above it, with that one.

    It is the nearest of its own service; for a worker's span that of the service which queued
    the task. A request that the service receives over the network is work of its own, even if
    the service caused it itself.
    """
    found = tree.structure.servers
    if found is None:
        found = tree.structure.servers = _nearest_servers(tree)
    return found


def _nearest_servers(tree: Tree) -> dict[int, int]:
    pairs: dict[int, int] = {}
    if not tree.requests:
        return pairs
    if _is_one_request(tree):
        pairs.update(dict.fromkeys(tree.order[1:], tree.order[0]))
        return pairs
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
            # A task that a request queued for another service: still that request's.
            servers = above.get(tree.spans[parent].service)
        if servers and not (span.kind == "server" and tree.is_remote(index)):
            pairs[index] = servers[-1]
        if below := tree.children.get(index):
            server = _serving(span.kind, index, servers)
            if server != NO_PARENT:
                above.setdefault(span.service, []).append(server)
                todo.append(~index)
            todo.extend(below)
    return pairs


def _is_one_request(tree: Tree) -> bool:
    """Return whether the root is the only server span, and all below it are of its service."""
    root = tree.order[0]
    return (
        tree.requests == [root]
        and tree.parents.count(NO_PARENT) == 1
        and len({span.service for span in tree.spans}) == 1
    )


def _serving(kind: str, index: int, servers: list[int] | None) -> int:
    """Return the server span that the spans below work for; NO_PARENT for no change."""
    if kind == "server":
        return index
    return servers[-1] if kind == "consumer" and servers else NO_PARENT


def offloaded(tree: Tree) -> list[Offloaded]:
    """Return spans on another thread of the process than their parent. O(n log n)."""
    if not on_threads(tree):
        return []
    threads = {str(span.attributes.get(names.THREAD_ID)) for span in tree.spans}
    if len(threads - {"None"}) < 2:
        return []
    found = []
    for index in sorted(range(len(tree.spans)), key=tree.starts.__getitem__):
        parent = tree.parents[index]
        span = tree.spans[index]
        thread = plain(span.attributes.get(names.THREAD_ID))
        if parent == NO_PARENT or thread is None or span.name in EVIDENCE:
            continue  # the watchdog's thread reports a block, and the collector's a lost task
        above = tree.spans[parent]
        others = plain(above.attributes.get(names.THREAD_ID))
        if others is None or others == thread or tree.is_remote(index):
            continue
        if same_process(span, above):
            name = span.attributes.get(names.THREAD_NAME)
            where = name if isinstance(name, str) and name else thread
            found.append(Offloaded(span.name, where, span.span_id))
    return found


def cancelled(tree: Tree) -> list[str]:
    """Return the names of cancelled spans, in order of start. O(n log n).

    Not of those that waited for the client's next message: each ends so when its request does.
    """
    if names.CANCELLED not in tree.words and names.TASK_END not in tree.words:
        return []
    found = [
        index
        for index, span in enumerate(tree.spans)
        if (
            span.attributes.get(names.CANCELLED) is True
            or span.attributes.get(names.TASK_END) == names.TASK_CANCELLED
        )
        and not is_protocol_event(span)
    ]
    found.sort(key=lambda index: (tree.starts[index], index))
    return [tree.spans[index].name for index in found]


def lost(tree: Tree) -> list[str]:
    """Return the names of background tasks that were lost, or started and never ended; sorted."""
    return sorted(lost_spans(tree).values())


def lost_spans(tree: Tree) -> dict[int, str]:
    """Return a span of each task that was lost, with the task's name."""
    if names.TASK_END not in tree.words and names.TASK_ID not in tree.words:
        return {}
    found: dict[str, tuple[int, str]] = {}  # by task id, so that none is reported twice
    started: list[tuple[str, int]] = []
    ended = set()
    for index, span in enumerate(tree.spans):
        task = plain(span.attributes.get(names.TASK_ID))
        if span.attributes.get(names.TASK_END) in names.TASK_UNFINISHED:
            found[f"task {task}" if task is not None else f"span {index}"] = (
                index,
                _task_name(span),
            )
        elif task is None:
            continue
        elif span.name == names.SPAN_TASK_STARTED or not tree.ended[index]:
            started.append((task, index))
        elif names.TASK_END in span.attributes:
            ended.add(task)
    for task, index in started:
        if task not in ended:
            found.setdefault(f"task {task}", (index, _task_name(tree.spans[index])))
    return dict(found.values())


def _task_name(span: Span) -> str:
    name = span.attributes.get(names.TASK_NAME)
    return name if isinstance(name, str) and name else span.name
