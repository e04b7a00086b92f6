"""Calls in threads that ran at once but computed one at a time.

CPython has one interpreter lock for all threads of a process, so threads that compute take turns.
A thread's wall time does not show it; its processor time does: all the calls together used no more
of it than one thread could have, and wherever one waited, another one was busy: on a processor or,
on a busy machine, in the queue for one. With too few processors that is so without a lock, too.
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
"""Of that time, in which one was busy at least: less is waiting for something else."""
MOST_CPU: Final = 1.1
"""Of that time, what they may use of processors: more is computing at once."""
MOST_OF_RUNNING: Final = 0.75
"""Of the calls' times, in which they may be busy: the rest is waiting for each other."""


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
        busy = context.number(index, names.THREAD_BUSY_MS) or cpu
        if (
            wall >= LEAST_MS
            and running >= LEAST_AT_ONCE * wall
            and cpu <= MOST_CPU * wall
            and LEAST_BUSY * wall <= busy <= MOST_OF_RUNNING * running
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
