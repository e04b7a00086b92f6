"""Lanes: which span ran on each event loop and on each worker thread, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from overlap import names
from overlap.judge.tree.span_tree import Tree, ms, on_threads, plain, process, same_process
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.model import Span

MOST_LANES = 16
MOST_TURNS = 600
"""Of one lane; more can't be distinguished."""
_TURNS = re.compile(r"\d{1,15}\+\d{1,15}(?: \d{1,15}\+\d{1,15})*")
_TURNS_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One span's time on a lane. Times in ms after the trace's start."""

    span: Span
    start_ms: float
    end_ms: float
    queued_ms: float = 0.0
    """For how long before the start it had waited for the thread."""


@dataclass(frozen=True, slots=True)
class Lane:
    """An event loop or a thread of one process."""

    kind: Literal["loop", "thread"]
    service: str
    name: str
    turns: list[Turn] = field(default_factory=list)


def lanes(tree: Tree) -> list[Lane]:
    """Return the loops first, then the threads; each in the order of its first turn."""
    first, last = min(tree.starts), max(tree.ends)
    found: dict[tuple[object, ...], Lane] = {}
    loops = [(_loop(tree, i), i, start, end) for i, start, end in _loop_turns(tree)]
    for key, index, start, end in sorted(loops, key=lambda each: each[2]):
        lane = found.setdefault(key, Lane("loop", tree.spans[index].service, "event loop"))
        _add(lane, Turn(tree.spans[index], ms(start - first), ms(min(end, last) - first)))
    parts = sorted(_in_threads(tree), key=lambda index: (tree.starts[index], index))
    for index in parts:
        span = tree.spans[index]
        name = span.attributes.get(names.THREAD_NAME)
        thread = plain(span.attributes.get(names.THREAD_ID)) or ""
        shown = name if isinstance(name, str) and name else f"thread {thread}"
        lane = found.setdefault(
            (span.service, process(span), thread), Lane("thread", span.service, shown)
        )
        begin_ms = ms(tree.starts[index] - first)
        queued = min(milliseconds(span, names.THREAD_QUEUED_MS), begin_ms)
        _add(lane, Turn(span, begin_ms, ms(tree.ends[index] - first), queued))
    return list(found.values())[:MOST_LANES]


def milliseconds(span: Span, name: str) -> float:
    """Return a time in a span's attribute; 0 where it is missing or not a time."""
    value = span.attributes.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
        return float(value)
    return 0.0


def _add(lane: Lane, turn: Turn) -> None:
    if len(lane.turns) < MOST_TURNS:
        lane.turns.append(turn)


def _loop(tree: Tree, index: int) -> tuple[object, ...]:
    span = tree.spans[index]
    return span.service, process(span), "loop", plain(span.attributes.get(names.THREAD_ID))


def _loop_turns(tree: Tree) -> Iterator[tuple[int, int, int]]:
    """Yield span, start and end of each turn that a request or a background task lists."""
    if names.LOOP_TURNS not in tree.words:
        return
    for index, span in enumerate(tree.spans):
        listed = span.attributes.get(names.LOOP_TURNS)
        if (
            not isinstance(listed, str)
            or len(listed) > _TURNS_LENGTH
            or not _TURNS.fullmatch(listed)
        ):
            continue
        began = tree.starts[index]
        for turn in listed.split():
            start, _, length = turn.partition("+")
            at = began + int(start) * 1000
            if at <= tree.ends[index]:
                yield index, at, min(at + max(int(length), 1) * 1000, tree.ends[index])


def _in_threads(tree: Tree) -> Iterator[int]:
    """Yield each span that ran on another thread than its parent."""
    if not on_threads(tree):
        return
    for index, span in enumerate(tree.spans):
        parent = tree.parents[index]
        if parent == NO_PARENT or not tree.is_work(index):
            continue
        above = tree.spans[parent]
        mine, others = (plain(one.attributes.get(names.THREAD_ID)) for one in (span, above))
        if None not in (mine, others) and mine != others and same_process(span, above):
            yield index
