"""Calls that ran n at a time, behind a semaphore or in a pool, could run more at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.concurrency_limit import calls_by_name, concurrency_limit
from overlap.judge.median import median_low
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean

LIMIT: Final = "limit"


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for siblings of one name that ran n at a time: for twice as many."""
    tree = requests.tree
    for parent in requests.parents():
        for name, members in calls_by_name(tree, awaited(tree, parent)).items():
            n = concurrency_limit(tree.all_running(members))
            if n is None:
                continue
            count = len(members)
            fewer = -(-count // n) - -(-count // (2 * n))
            each = median_low(
                end - start for start, end in (tree.running(index) for index in members)
            )
            on_path = sum(map(requests.on_path, members))
            found = requests.advice(
                Change(
                    change=LIMIT,
                    spans=members,
                    parent=parent,
                    do=f"let {min(2 * n, count)} instead of {n} of {count} x {clean(name)} "
                    "run at a time",
                    condition="if what they call can take twice as many",
                    saves_ns=requests.until_others(members, min(fewer * each, on_path)),
                )
            )
            if found:
                yield found
