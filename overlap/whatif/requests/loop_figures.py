"""What the lens recorded on a span: when it had the loop, and what it awaited. In ns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from overlap import names
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number

Interval = tuple[int, int]

_TURN: Final = re.compile(r"(\d{1,15})\+(\d{1,15})", re.ASCII)
_WAIT: Final = re.compile(r"(\d{1,15})\+(\d{1,15}) \w.*", re.ASCII)
_NS_PER_US: Final = 1000


@dataclass(slots=True)
class LoopFigures:
    """The figures of one span."""

    running: int
    ready: int
    awaiting: int
    longest: int
    """Its longest step; 0 if none took a millisecond."""
    line: str
    """The line of that step, if it is known."""
    turns: list[Interval] = field(default_factory=list)
    """When its tasks ran, in order; only of requests and background tasks."""
    waits: list[Interval] = field(default_factory=list)
    """When it awaited something, in order; the longest, from 5 ms on."""

    @property
    def short_waits(self) -> float:
        """The share of awaiting, rather than being ready, in the rest of its time; 0 to 1."""
        rest = max(0, self.awaiting - sum(end - start for start, end in self.waits))
        return rest / (rest + self.ready) if rest + self.ready else 1.0


def loop_figures(tree: Tree, index: int) -> LoopFigures | None:
    """Return the lens's figures of a span; None if it has none."""
    span = tree.spans[index]
    attributes = span.attributes
    if names.LOOP_AWAITING_MS not in attributes and names.LOOP_RUNNING_MS not in attributes:
        return None
    line = attributes.get(names.LOOP_LONGEST_LINE)
    start, end = tree.starts[index], tree.ends[index]

    def ns(name: str) -> int:
        return round(number(span, name) * NS_PER_MS)

    return LoopFigures(
        ns(names.LOOP_RUNNING_MS),
        ns(names.LOOP_READY_MS),
        ns(names.LOOP_AWAITING_MS),
        ns(names.LOOP_LONGEST_MS),
        line if isinstance(line, str) else "",
        _intervals(attributes.get(names.LOOP_TURNS), _TURN, " ", start, end),
        _intervals(attributes.get(names.LOOP_AWAITED), _WAIT, "\n", start, end),
    )


def thread_cpu_ns(tree: Tree, spans: Iterable[int]) -> int:
    """Return the processor time of the calls in threads of these spans, as far as recorded."""
    if names.THREAD_CPU_MS not in tree.words:
        return 0
    return round(sum(number(tree.spans[index], names.THREAD_CPU_MS) for index in spans) * NS_PER_MS)


def _intervals(
    text: object, row: re.Pattern[str], separator: str, start: int, end: int
) -> list[Interval]:
    """Return `offset+length` in microseconds as intervals within the span; else nothing."""
    found: list[Interval] = []
    if not isinstance(text, str):
        return found
    for each in text.split(separator):
        if (match := row.fullmatch(each)) is None:
            continue
        low = start + int(match[1]) * _NS_PER_US
        high = min(end, low + int(match[2]) * _NS_PER_US)
        if found:
            low = max(low, found[-1][1])
        if low < high:
            found.append((low, high))
    return found


def shared(one: Interval, others: list[Interval]) -> int:
    """Return how much of an interval others cover, which do not overlap each other."""
    start, end = one
    return sum(max(0, min(end, high) - max(start, low)) for low, high in others)
