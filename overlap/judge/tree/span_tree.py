"""The spans of one trace as a repaired tree: what every other module of the judge reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import ne
from typing import Final

from overlap import names
from overlap.judge.path.segment import RequestPath
from overlap.judge.tree.columns import Columns
from overlap.judge.tree.structure import NO_PARENT as NO_PARENT
from overlap.judge.tree.structure import PROTOCOL_SPANS, Structure
from overlap.judge.tree.task_record import TaskRecord
from overlap.trace.model import AttributeValue, Span

_EDGES = {"server": "client", "consumer": "producer"}
"""What each kind of span is called by over a network or a queue."""
_PROTOCOL_KINDS = ("internal", "unspecified")
NS_PER_MS: Final = 1_000_000
EVIDENCE = frozenset(
    {names.SPAN_BLOCKED, names.SPAN_HUNG, names.SPAN_TASK_STARTED, names.SPAN_TASK_DROPPED}
)
"""Spans that are evidence about other spans, not work themselves. So are those of waits, which
are known by their attribute WAIT_KIND."""


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
    structure: Structure
    """What does not depend on times; the four fields below are of it, and shared too."""
    parents: list[int]
    """The parent's index, or NO_PARENT; without cycles."""
    children: dict[int, list[int]]
    """In canonical order; no entry for a leaf."""
    order: Sequence[int]
    """Every index, parents before their children."""
    requests: list[int]
    """The server spans, in canonical order."""
    warnings: list[str] = field(default_factory=list)
    orphans: dict[str, list[int]] = field(default_factory=dict)
    """By the id of a parent that the trace does not hold: the spans that name it."""
    work: list[bool] = field(default_factory=list)
    """Whether each span is work; by `settle`."""
    is_all_work: bool = False
    """Whether all are; by `settle`."""
    words: set[str] = field(default_factory=set)
    """Every span's name, kind and attribute keys; by `settle`.

    Most traces hold no evidence of most things: one look here spares a look at each span.
    """
    linked: bool = False
    """Whether any span has links; by `settle`."""
    awaited: dict[int, list[int]] = field(default_factory=dict)
    """By parent, what `awaited` found; the findings, the path, the sentences and the advice ask."""
    in_a_row: dict[int, bool] = field(default_factory=dict)
    """By parent, what `in_a_row` found."""
    paths: dict[int, list[int]] = field(default_factory=dict)
    """By parent, what `awaited_path` found."""
    outliving: list[tuple[int, int]] | None = None
    """What `outliving` found, once it was asked."""
    stages: dict[int, list[list[int]]] = field(default_factory=dict)
    """By parent, what `awaited_stages` found."""
    uncovered: dict[int, int] = field(default_factory=dict)
    """By span, what `uncovered` found."""
    request_paths: dict[int, RequestPath] = field(default_factory=dict)
    """By request, what `request_path` found."""
    task_record: TaskRecord | None = None
    """What `task_record` found, once it was asked."""

    def settle(self, columns: Columns) -> None:
        """Note what is asked again and again, once all times are final.

        columns: the fields of the spans.
        """
        structure = self.structure
        self.words = {*structure.words}.union(*columns.attributes)
        self.linked = any(columns.links)
        evidence = names.WAIT_KIND in self.words or not EVIDENCE.isdisjoint(self.words)
        if structure.has_protocol or evidence:
            self.work = [self._is_work(index) for index in range(len(self.spans))]
        else:
            self.work = [*map(ne, self.starts, self.ends)]
        self.is_all_work = all(self.work)

    def is_mark(self, index: int) -> bool:
        """Return whether a span has no duration: an instant, not work."""
        return self.starts[index] == self.ends[index]

    def is_work(self, index: int) -> bool:
        """Return whether a span took time, and is neither evidence nor a protocol event."""
        return self.work[index]

    def _is_work(self, index: int) -> bool:
        span = self.spans[index]
        return (
            self.starts[index] != self.ends[index]
            and span.name not in EVIDENCE
            and names.WAIT_KIND not in span.attributes
            and not (span.name.endswith(PROTOCOL_SPANS) and _is_protocol_event(span))
        )

    def is_remote(self, index: int) -> bool:
        """Return whether a span was called over a network or a queue: by another process."""
        parent = self.parents[index]
        return parent != NO_PARENT and (
            _EDGES.get(self.spans[index].kind) == self.spans[parent].kind
        )

    def running(self, index: int) -> tuple[int, int]:
        """Return the start and end of a span, without its wait for a thread before any work.

        Such a span was requested at once with others, and was queued behind them: it did not
        run beside them.
        """
        start, end = self.starts[index], self.ends[index]
        if (
            names.THREAD_CALLS not in self.words
            or names.THREAD_CALLS not in self.spans[index].attributes
        ):
            return start, end
        return min(start + self._queued(index), end - 1), end

    def times_of(
        self, parent: int, some: Sequence[int]
    ) -> tuple[Sequence[int], Sequence[int]]:
        """Return the starts and the ends of some children of a span, in their order."""
        starts, ends = self.starts, self.ends
        if len(some) > 1 and len(some) == len(self.children.get(parent, ())):
            pick = self.structure.pick(parent)
            return pick(starts), pick(ends)
        return [starts[index] for index in some], [ends[index] for index in some]

    def all_running(self, indexes: Sequence[int]) -> list[tuple[int, int]]:
        """Return what `running` returns, for each of these spans."""
        if names.THREAD_CALLS in self.words:
            return [self.running(index) for index in indexes]
        starts, ends = self.starts, self.ends
        return [(starts[index], ends[index]) for index in indexes]

    def _queued(self, index: int) -> int:
        """Return for how long a span waited for a thread before its first work, in ns."""
        attributes = self.spans[index].attributes
        below = self.children.get(index, ())
        work = [i for i in below if number(self.spans[i], names.THREAD_QUEUED_MS)]
        if work:
            first = min(work, key=self.starts.__getitem__)
            if first == min(below, key=self.starts.__getitem__):
                queued = number(self.spans[first], names.THREAD_QUEUED_MS)
                return min(round(queued * NS_PER_MS), self.starts[first] - self.starts[index])
        elif attributes.get(names.THREAD_CALLS) == 1 and not below:
            return round(number(self.spans[index], names.THREAD_QUEUED_MS) * NS_PER_MS)
        return 0


def _is_protocol_event(span: Span) -> bool:
    """Return whether this is a span for one ASGI message: it only waits for the client."""
    return span.kind in _PROTOCOL_KINDS and (
        names.ASGI_EVENT_TYPE in span.attributes
        or not span.scope
        or span.scope.startswith("opentelemetry.instrumentation.")
    )


def number(span: Span, name: str) -> float:
    """Return an attribute as a positive number, or 0."""
    value = span.attributes.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    return 0.0


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


def on_threads(tree: Tree) -> bool:
    """Return whether spans were recorded on more than one thread."""
    if names.THREAD_ID not in tree.words:
        return False
    first = tree.spans[0].attributes.get(names.THREAD_ID)
    return not all([span.attributes.get(names.THREAD_ID) is first for span in tree.spans])


def ms(duration_ns: int) -> float:
    """Return nanoseconds as milliseconds, to three decimals."""
    return round(duration_ns / NS_PER_MS, 3)
