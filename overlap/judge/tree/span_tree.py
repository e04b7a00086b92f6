"""The spans of one trace as a repaired tree: what every other module of the judge reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from overlap import names
from overlap.trace.model import AttributeValue, Span

NO_PARENT = -1
EVIDENCE = frozenset({names.SPAN_BLOCKED, names.SPAN_TASK_STARTED, names.SPAN_TASK_DROPPED})
"""Spans that are evidence about other spans, not work themselves."""


@dataclass(slots=True)
class Tree:
    """Spans by index, in canonical order, and what was repaired. Times in ns.

    Parallel lists rather than an object per span: a million spans fit.
    """

    trace_id: str
    spans: list[Span]
    starts: list[int]
    ends: list[int]
    """Never before its start."""
    ended: list[bool]
    parents: list[int]
    """The parent's index, or NO_PARENT; without cycles."""
    children: dict[int, list[int]]
    """In canonical order; no entry for a leaf."""
    order: Sequence[int] = ()
    """Every index, parents before their children."""
    warnings: list[str] = field(default_factory=list)

    def is_mark(self, index: int) -> bool:
        """Return whether a span has no duration: an instant, not work."""
        return self.starts[index] == self.ends[index]

    def is_work(self, index: int) -> bool:
        """Return whether a span took time and is not evidence about others."""
        return not self.is_mark(index) and self.spans[index].name not in EVIDENCE


def process(span: Span) -> str | None:
    """Return what identifies a span's process within its service; None if nothing does."""
    for key in (names.SERVICE_INSTANCE_ID, names.PROCESS_PID):
        if (known := plain(span.resource.get(key))) is not None:
            return f"{key}={known}"
    return None


def same_process(one: Span, other: Span) -> bool:
    """Return whether two spans are of one service, and not known to be of two of its processes."""
    if one.service != other.service:
        return False
    if one.resource is other.resource:
        return True
    for key in (names.SERVICE_INSTANCE_ID, names.PROCESS_PID):
        mine, others = plain(one.resource.get(key)), plain(other.resource.get(key))
        if mine is not None and others is not None and mine != others:
            return False
    return True


def plain(value: AttributeValue) -> str | None:
    """Return an id, a number or text, as text; None for anything else."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return None


def ms(duration_ns: int) -> float:
    """Return nanoseconds as milliseconds, to three decimals."""
    return round(duration_ns / 1_000_000, 3)
