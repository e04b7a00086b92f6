"""Stores traces in bounded memory: the oldest are dropped first, and dropped spans are counted."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from overlap.pocket.storage.span_batch import Batch, Incoming, Origin, Origins

MAX_SPANS = 100_000
MAX_BYTES = 256 * 1024 * 1024
# What CPython adds to a span's bytes (tuple, list slot, bytes header), and to a trace.
SPAN_OVERHEAD, TRACE_OVERHEAD = 128, 2048
_REMEMBERED = 4096


@dataclass(slots=True)
class StoredTrace:
    """The spans of one trace in order of arrival, and an index of them."""

    trace_id: bytes
    spans: list[tuple[Origin, bytes]] = field(default_factory=list)
    operations: set[tuple[str, str, int]] = field(default_factory=set)
    origins: set[Origin] = field(default_factory=set)
    size: int = TRACE_OVERHEAD
    first_start_ns: int = 0
    last_start_ns: int = 0
    last_end_ns: int = 0
    root: tuple[int, str, str] | None = None
    """Start, service and name of the earliest span without a parent."""
    scenario: str = ""
    arrived: float = 0.0
    """When its last span was received, in seconds since the epoch."""
    version: int = 0
    """Increased by each batch that adds to it."""
    dropped: int = 0
    """Spans that were not kept because the trace alone is too large."""

    @property
    def id(self) -> str:
        """The trace id as hex."""
        return self.trace_id.hex()

    @property
    def services(self) -> list[str]:
        """The services that sent spans, sorted."""
        return sorted({origin.service for origin in self.origins})


@dataclass(slots=True)
class Counts:
    """Counts of what was received since the start."""

    spans: int = 0
    logs: int = 0
    points: int = 0
    rejected: int = 0
    """Spans without usable ids."""
    overfull: int = 0
    """Spans of traces that are too large on their own."""
    evicted_traces: int = 0
    evicted_spans: int = 0
    """Spans that were dropped to make room for newer ones."""
    refused_requests: int = 0
    failed_requests: int = 0
    """Requests that raised an exception in pocket."""


class Store:
    """Traces by id, least recently extended first. Used from the event loop only."""

    def __init__(self, max_spans: int = MAX_SPANS, max_bytes: int = MAX_BYTES) -> None:
        self.max_spans, self.max_bytes = max_spans, max_bytes
        # One trace may use half of the memory, so that it never replaces all others.
        self.max_trace_spans, self.max_trace_bytes = max(1, max_spans // 2), max_bytes // 2
        self.origins = Origins()
        self.counts = Counts()
        self.spans = 0
        self.bytes = 0
        self.on_change: Callable[[set[bytes]], None] = lambda _ids: None
        self._traces: OrderedDict[bytes, StoredTrace] = OrderedDict()
        self._operations: Counter[tuple[str, str, int]] = Counter()
        self._dropped_ids: OrderedDict[bytes, None] = OrderedDict()
        self._scenarios: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, batch: Batch) -> int:
        """Store a batch. Return how many spans were not kept."""
        changed: dict[bytes, StoredTrace] = {}
        dropped = batch.rejected
        self.counts.rejected += batch.rejected
        self.counts.spans += len(batch.spans)
        now = time.time()
        for item in batch.spans:
            trace = changed.get(item.trace_id)
            if trace is None:
                trace = changed[item.trace_id] = self._open(item.trace_id, now)
            if not self._keep(trace, item):
                trace.dropped += 1
                self.counts.overfull += 1
                dropped += 1
        self._make_room()
        if changed:
            self.on_change(set(changed))
        return dropped

    def get(self, trace_id: bytes) -> StoredTrace | None:
        """Return a trace, or None."""
        return self._traces.get(trace_id)

    def was_dropped(self, trace_id: bytes) -> bool:
        """Return whether this trace was dropped to make room, as far as remembered."""
        return trace_id in self._dropped_ids

    def newest_first(self) -> Iterator[StoredTrace]:
        """Iterate over the traces, the most recently extended first."""
        return reversed(self._traces.values())

    def of_scenario(self, name: str) -> StoredTrace | None:
        """Return the last trace whose root span has this scenario's name."""
        trace_id = self._scenarios.get(name)
        return None if trace_id is None else self._traces.get(trace_id)

    def services(self) -> list[str]:
        """Return the names of the services of all kept spans, sorted."""
        return sorted({service for service, _, _ in self._operations})

    def operations(self, service: str) -> list[tuple[str, int]]:
        """Return (span name, OTLP kind) of a service's kept spans, sorted."""
        return sorted((name, kind) for owner, name, kind in self._operations if owner == service)

    def _open(self, trace_id: bytes, now: float) -> StoredTrace:
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = self._traces[trace_id] = StoredTrace(trace_id)
            self.bytes += trace.size
        else:
            self._traces.move_to_end(trace_id)
        trace.arrived = now
        trace.version += 1
        return trace

    def _keep(self, trace: StoredTrace, item: Incoming) -> bool:
        grown = len(item.data) + SPAN_OVERHEAD
        operation = (item.origin.service, item.name, item.kind)
        if operation not in trace.operations:
            grown += len(item.name) + SPAN_OVERHEAD
        if item.origin not in trace.origins:
            grown += item.origin.size
        if len(trace.spans) >= self.max_trace_spans or trace.size + grown > self.max_trace_bytes:
            return False
        trace.spans.append((item.origin, item.data))
        trace.origins.add(item.origin)
        if operation not in trace.operations:
            trace.operations.add(operation)
            self._operations[operation] += 1
        self._note(trace, item)
        trace.size += grown
        self.bytes += grown
        self.spans += 1
        return True

    def _note(self, trace: StoredTrace, item: Incoming) -> None:
        if not trace.first_start_ns or item.start_ns < trace.first_start_ns:
            trace.first_start_ns = item.start_ns
        trace.last_start_ns = max(trace.last_start_ns, item.start_ns)
        trace.last_end_ns = max(trace.last_end_ns, item.end_ns, item.start_ns)
        if item.is_root and (trace.root is None or item.start_ns < trace.root[0]):
            trace.root = (item.start_ns, item.origin.service, item.name)
        if item.scenario and not trace.scenario:
            trace.scenario = item.scenario
            known = self.of_scenario(item.scenario)
            if known is None or known.first_start_ns <= trace.first_start_ns:
                self._scenarios[item.scenario] = trace.trace_id

    def _make_room(self) -> None:
        while (self.spans > self.max_spans or self.bytes > self.max_bytes) and self._traces:
            trace_id, trace = self._traces.popitem(last=False)
            self.spans -= len(trace.spans)
            self.bytes -= trace.size
            self.counts.evicted_traces += 1
            self.counts.evicted_spans += len(trace.spans)
            for operation in trace.operations:
                self._operations[operation] -= 1
                if not self._operations[operation]:
                    del self._operations[operation]
            if self._scenarios.get(trace.scenario) == trace_id:
                del self._scenarios[trace.scenario]
            self._dropped_ids[trace_id] = None
            while len(self._dropped_ids) > _REMEMBERED:
                self._dropped_ids.popitem(last=False)
