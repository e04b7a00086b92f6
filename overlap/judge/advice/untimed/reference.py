"""A task that nobody waits for, and that asyncio alone knows, may end with nobody noticing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.beyond_response import outliving
from overlap.judge.model import Advice
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import NS_PER_MS, Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.judge.tree.tasks import task_record

REFERENCE: Final = "reference"
LEAST_NS: Final = 50_000_000
"""What continues for a shorter time after its response is hardly interrupted by a shutdown."""
_SEVERAL = frozenset(
    {
        names.AWAIT_BY_GATHER, names.AWAIT_BY_WAIT, names.AWAIT_BY_WAIT_FOR,
        names.AWAIT_BY_AS_COMPLETED, names.AWAIT_BY_SHIELD, names.AWAIT_BY_TASK_GROUP,
    }
)  # fmt: skip
"""Waits that can end before what they wait for does; which tasks they were for is not recorded."""


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each task of a request that continued after it and was not spawned."""
    tree = requests.tree
    if not may_have(tree):
        return
    tasks: dict[tuple[int, int], list[int]] = {}
    ends: dict[int, int] = {}
    for index, server in outliving(tree):
        if _is_unknown_task(requests, index, server):
            tasks.setdefault((server, task_record(tree).numbers[index]), []).append(index)
            ends[server] = tree.ends[server]
    for (server, _), members in tasks.items():
        length = max(tree.ends[index] for index in members) - ends[server]
        if length < LEAST_NS:
            continue
        first = clean(tree.spans[min(members, key=tree.starts.__getitem__)].name)
        found = requests.advice(
            Change(
                change=REFERENCE,
                spans=members,
                parent=server,
                do=f"start the task of {first} with overlap.spawn, which keeps a reference, waits "
                f"for it at shutdown and records its end: it continued for "
                f"{duration(length / NS_PER_MS)} after the response; nothing waited for its end",
                condition="if nothing else keeps the task and waits for it",
            )
        )
        if found:
            yield found


def may_have(tree: Tree) -> bool:
    """Return whether a trace has what this is about: few have."""
    return names.AWAIT_TASK in tree.words and bool(outliving(tree))


def _is_unknown_task(requests: Requests, index: int, server: int) -> bool:
    """Return whether a span began in a task of its own that nothing was seen to wait for."""
    tree, record = requests.tree, task_record(requests.tree)
    span, parent = tree.spans[index], tree.parents[index]
    if parent == NO_PARENT or names.AWAIT_TASK not in span.attributes or span.kind == "server":
        return False
    if names.TASK_ID in span.attributes or tree.is_remote(index):
        return False
    if any(each.attributes.get(names.CANCELLED) for each in (span, tree.spans[server])):
        return False
    number = record.numbers[index]
    if not number or number in (record.numbers[server], record.numbers[parent]):
        return False
    return not any(
        edge.by == number or edge.how in _SEVERAL
        for (place, _), edges in record.edges.items()
        if place in (server, parent)
        for edge in edges
    )
