"""Calls in threads that ran at once but computed one at a time.

CPython has one interpreter lock for all threads of a process, so threads that compute take turns.
A thread's wall time does not show it; its processor time does: all the calls together used no more
of it than one thread could have. On one processor that is so without a lock, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from overlap import names
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS

LEAST_MS: Final = 10.0
LEAST_AT_ONCE: Final = 1.5
"""The calls' times add up to this many times the time in which any of them ran, or more."""
LEAST_BUSY: Final = 0.85
MOST_BUSY: Final = 1.1
"""Of that time, one processor's share: less is waiting, more is computing at once."""


class Turns(msgspec.Struct, frozen=True, gc=False):
    """Calls of one span that took turns to compute. Times in ns."""

    span: int
    calls: int
    function: str
    """The dotted name of the one that ran longest; empty if it is not known."""
    cpu: int
    longest: int
    """The most processor time that one of them used."""
    wall: int
    """For how long at least one of them ran."""


def turns(context: TraceContext) -> Iterator[Turns]:
    """Yield them in the order of spans."""
    if names.THREAD_WALL_MS not in context.tree.words:
        return
    for index in range(len(context.tree.spans)):
        wall = context.number(index, names.THREAD_WALL_MS)
        cpu = context.number(index, names.THREAD_CPU_MS)
        running = context.number(index, names.THREAD_RUNNING_MS)
        if (
            wall >= LEAST_MS
            and running >= LEAST_AT_ONCE * wall
            and LEAST_BUSY * wall <= cpu <= MOST_BUSY * wall
        ):
            longest = context.number(index, names.THREAD_CPU_LONGEST_MS)
            yield Turns(
                index,
                round(context.number(index, names.THREAD_CALLS)),
                _function(context, index),
                *(round(ms * NS_PER_MS) for ms in (cpu, longest, wall)),
            )


def _function(context: TraceContext, index: int) -> str:
    text = context.attribute(index, names.THREAD_FUNCTIONS)
    return text.partition("\n")[0].partition(" ")[2] if isinstance(text, str) else ""
