"""Requests that were ready to run and waited for a full event loop would find another one free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.model import Advice
from overlap.judge.summary import clean, duration
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.trace.blocked_by import delays

WORKERS: Final = "workers"
EVIDENCE: Final = names.LOOP_READY_MS
LEAST_MS: Final = 50.0
"""A request that waits for a shorter time for its loop is hardly delayed."""


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each name of a request that waited for the loop for half of its time.

    Without what one known block of the loop took: `off_loop` is about that.
    """
    tree = requests.tree
    if not may_have(requests.context):
        return
    by_name: dict[str, list[int]] = {}
    for index in tree.requests:
        waited = _waited_ns(requests, index)
        is_most = 2 * waited >= requests.context.duration(index)
        if requests.of(index) is not None and waited >= LEAST_MS * NS_PER_MS and is_most:
            by_name.setdefault(tree.spans[index].name, []).append(index)
    for members in by_name.values():
        worst = max(members, key=lambda index: (_waited_ns(requests, index), -index))
        waited = _waited_ns(requests, worst)
        others = sum(_waited_ns(requests, index) for index in members) - waited
        step = requests.context.number(worst, names.LOOP_LONGEST_MS)
        line = requests.context.attribute(worst, names.LOOP_LONGEST_LINE)
        is_known = isinstance(line, str) and line and step
        its = f"; its own longest step, of {duration(step)}, is at {clean(str(line))}"
        found = requests.advice(
            Change(
                change=WORKERS,
                spans=members,
                parent=worst,
                do=f"serve with more workers, or with shorter steps on the event loop, which ran "
                f"others for {duration(waited / NS_PER_MS)} while this request was ready"
                f"{its if is_known else ''}",
                condition="if a processor is free for each",
                saves_ns=waited,
                others_ns=others,
                at=str(line) if is_known else "",
            )
        )
        if found:
            yield found


def may_have(context: TraceContext) -> bool:
    """Return whether a request of a trace waited for its loop for long: few did."""
    return EVIDENCE in context.tree.words and any(
        context.number(index, EVIDENCE) >= LEAST_MS for index in context.tree.requests
    )


def _waited_ns(requests: Requests, index: int) -> int:
    """Return for how long a request was ready and others had the loop, but for known blocks."""
    ready = requests.context.number(index, EVIDENCE)
    blocks = sum(each.ms for each in delays(requests.tree.spans[index]))
    return max(0, min(round((ready - blocks) * NS_PER_MS), requests.context.duration(index)))
