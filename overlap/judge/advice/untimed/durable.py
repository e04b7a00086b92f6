"""Background work that was lost, stopped or failed unnoticed could go through a queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.beyond_response import lost_spans
from overlap.judge.model import Advice
from overlap.judge.summary import clean
from overlap.judge.tree.structure import NO_PARENT

DURABLE: Final = "durable"
EVIDENCE = (names.SPAN_TASK_DROPPED, names.TASK_END, names.TASK_ID)


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each name of a task: it saves no time, it keeps the work."""
    tree = requests.tree
    if tree.words.isdisjoint(EVIDENCE):
        return
    tasks: dict[str, list[int]] = {}
    failed = {
        index: _name(requests, index)
        for index, span in enumerate(tree.spans)
        if span.name == names.SPAN_TASK_DROPPED
        and span.attributes.get(names.TASK_END) == names.TASK_FAILED
    }
    for index, name in {**lost_spans(tree), **failed}.items():
        tasks.setdefault(name, []).append(index)
    for name, members in sorted(tasks.items()):
        parent = tree.parents[members[0]]
        what = "was lost" if len(members) == 1 else f"was lost {len(members)} times"
        if all(index in failed for index in members):
            what = "failed and nothing retrieved its exception"
        found = requests.advice(
            Change(
                change=DURABLE,
                spans=members,
                parent=members[0] if parent == NO_PARENT else parent,
                do=f"queue {clean(name)} outside this process, or start it with overlap.spawn and "
                f"wait for it at shutdown: it {what}",
                condition="",
            )
        )
        if found:
            yield found


def _name(requests: Requests, index: int) -> str:
    name = requests.context.attribute(index, names.TASK_NAME)
    return name if isinstance(name, str) and name else requests.tree.spans[index].name
