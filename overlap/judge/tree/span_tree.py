"""The spans of one trace as a repaired tree: what every other module of the judge reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import ne
from typing import Final, cast

from overlap import names
from overlap.judge.path.segment import RequestPath
from overlap.judge.tree.columns import Columns
from overlap.judge.tree.structure import NO_PARENT, PROTOCOL_SPANS, Structure
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


class Tree:
    """Spans by index, in canonical order, and what was repaired. Times in ns.

    Parallel lists rather than an object per span: a million spans fit. What most findings ask for
    is kept once it was found: `None` and a missing key mean that nothing asked yet.
    """

    __slots__ = (
        "awaited", "awaited_times", "children", "ended", "ends", "has_errors", "in_a_row",
        "is_all_work", "linked", "order", "orphans", "outliving", "parents", "paths",
        "request_paths", "requests", "spans", "stages", "starts", "structure", "task_record",
        "trace_id", "uncovered", "warnings", "words", "work",
    )  # fmt: skip

    def __init__(
        self, trace_id: str, spans: list[Span], columns: Columns, structure: Structure
    ) -> None:
        """columns: the fields of the spans."""
        self.trace_id, self.spans = trace_id, spans
        starts, ends = columns.starts, columns.ends
        self.starts: list[int] = [*starts]
        self.ends: list[int]
        """Never before its start."""
        self.ended: list[bool]
        if all(ends):
            self.ends, self.ended = cast("list[int]", [*ends]), [True] * len(spans)
        else:
            self.ends = [end or start for end, start in zip(ends, starts, strict=True)]
            self.ended = [*map(bool, ends)]
        self.structure = structure
        """What does not depend on times; the next four are of it. No trace may change them."""
        self.parents: list[int] = structure.parents
        """The parent's index, or NO_PARENT; without cycles."""
        self.children: dict[int, list[int]] = structure.children
        """In canonical order; no entry for a leaf."""
        self.order: Sequence[int] = structure.order
        """Every index, parents before their children."""
        self.requests: list[int] = structure.requests
        """The server spans, in canonical order."""
        self.warnings: list[str] = []
        self.orphans: dict[str, list[int]] = {}
        """By the id of a parent that the trace does not hold: the spans that name it."""
        self.awaited: dict[int, list[int]] = {}
        """By parent, what `awaited` found; the findings, the path, sentences and the advice ask."""
        self.awaited_times: dict[int, tuple[Sequence[int], Sequence[int]]] = {}
        """By parent, what `awaited_times` found."""
        self.in_a_row: dict[int, bool] = {}
        """By parent, what `in_a_row` found."""
        self.paths: dict[int, list[int]] = {}
        """By parent, what `awaited_path` found."""
        self.outliving: list[tuple[int, int]] | None = None
        """What `outliving` found."""
        self.stages: dict[int, list[list[int]]] = {}
        """By parent, what `awaited_stages` found."""
        self.uncovered: dict[int, int] = {}
        """By span, what `uncovered` found."""
        self.request_paths: dict[int, RequestPath] = {}
        """By request, what `request_path` found."""
        self.task_record: TaskRecord | None = None
        """What `task_record` found."""

    def settle(self, columns: Columns) -> None:
        """Note what is asked again and again, once all times are final.

        columns: the fields of the spans.
        """
        structure = self.structure
        self.words: set[str] = {*structure.words}.union(*columns.attributes)
        """Every span's name, kind and attribute keys.

        Most traces hold no evidence of most things: one look here spares a look at each span.
        """
        self.linked: bool = any(columns.links)
        """Whether any span has links."""
        self.has_errors = "error" in columns.statuses
        """Whether any span failed."""
        self.work: list[bool]
        """Whether each span is work."""
        evidence = names.WAIT_KIND in self.words or not EVIDENCE.isdisjoint(self.words)
        if structure.has_protocol or evidence:
            self.work = [self._is_work(index) for index in range(len(self.spans))]
        else:
            self.work = [*map(ne, self.starts, self.ends)]
        self.is_all_work: bool = all(self.work)
        """Whether all are."""

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
            and not is_protocol_event(span)
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


def is_protocol_event(span: Span) -> bool:
    """Return whether this is a span for one ASGI message: it only waits for the client."""
    if not span.name.endswith(PROTOCOL_SPANS) or span.kind not in _PROTOCOL_KINDS:
        return False
    is_theirs = not span.scope or span.scope.startswith("opentelemetry.instrumentation.")
    return is_theirs or names.ASGI_EVENT_TYPE in span.attributes


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
