"""Calls that took turns to compute in threads could compute in processes, which run at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.interpreter_lock import Turns, turns
from overlap.judge.model import PROCESSES, Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean

EVIDENCE: Final = names.THREAD_WALL_MS


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each span with such calls: as long as the longest of them computes."""
    for found in turns(requests.context):
        called = clean(found.function) if found.function else "what they compute"
        members = _in_threads(requests, found.span)
        change = Change(
            change=PROCESSES,
            spans=members or [found.span],
            parent=found.span,
            do=f"run {called} in processes (ProcessPoolExecutor), as threads take turns to compute",
            condition=f"if {found.calls} processors are free and the calls only compute",
            saves_ns=_saves(requests, found, members),
        )
        if advised := requests.advice(change):
            yield advised


def _saves(requests: Requests, found: Turns, members: list[int]) -> int:
    saves = min(found.wall - found.longest, requests.on_path(found.span))
    return requests.until_others(members, saves) if members else max(0, saves)


def _in_threads(requests: Requests, span: int) -> list[int]:
    """Return the spans of the calls, as far as they have any."""
    tree = requests.tree
    return [
        child
        for child in awaited(tree, span)
        if names.THREAD_QUEUED_MS in tree.spans[child].attributes
    ]
