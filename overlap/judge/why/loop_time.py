"""Sentences about the event loop's time: who used it, and who was ready to run and had to wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.uncovered import is_reported
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS

LEAST_MS: Final = 20.0
LARGE_SHARE: Final = 0.2
MOST_OF_IT: Final = 0.8


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield reasons about requests, the longest time first.

    Requests with a large part without spans are reported with that part.
    """
    if {names.LOOP_READY_MS, names.LOOP_RUNNING_MS}.isdisjoint(context.tree.words):
        return iter(())
    requests = [index for index in context.tree.requests if not is_reported(context.tree, index)]
    found = [*_ready(context, requests), *_running(context, requests)]
    found.sort(key=lambda each: (-each[0], each[1].span_ids))
    return (why for _, why in found)


def _ready(context: TraceContext, requests: list[int]) -> Iterator[tuple[float, Why]]:
    for index in requests:
        whole = context.duration(index)
        ready = min(context.number(index, names.LOOP_READY_MS), whole / NS_PER_MS)
        if ready >= LEAST_MS and ready * NS_PER_MS >= LARGE_SHARE * whole:
            text = (
                f"{context.subject(index)} was ready to run for {share(ready * NS_PER_MS, whole)}: "
                "the event loop was busy with other work"
            )
            yield ready, Why(text, context.ids([index]))


def _running(context: TraceContext, requests: list[int]) -> Iterator[tuple[float, Why]]:
    culprits = {context.servers.get(block) for block in context.victims}
    for index in requests:
        whole = context.duration(index)
        running = min(context.number(index, names.LOOP_RUNNING_MS), whole / NS_PER_MS)
        if index in culprits or running < LEAST_MS or running * NS_PER_MS < MOST_OF_IT * whole:
            continue
        line = context.attribute(index, names.LOOP_LONGEST_LINE)
        longest = context.number(index, names.LOOP_LONGEST_MS)
        step = f", {duration(longest)} of it in one step" if longest else ""
        where = f" at {clean(line)}" if step and isinstance(line, str) and line else ""
        text = (
            f"{context.subject(index)} used the event loop for {share(running * NS_PER_MS, whole)}"
            f"{step}{where}: {_meanwhile(context, index, longest)}"
        )
        yield running, Why(text, context.ids([index]))


def _meanwhile(context: TraceContext, index: int, longest: float) -> str:
    """Say whether the longest step computed, as far as that was seen."""
    idle = context.attribute(index, names.LOOP_LONGEST_IDLE_MS)
    if not isinstance(idle, int | float):
        return "it awaited nothing meanwhile"
    if 2 * idle < longest:
        return "it computed and did not wait"
    return (
        f"for {duration(idle)} of that step its thread did not compute, but waited in a call, for "
        "the interpreter lock or for a processor"
    )
