"""What a recording shows, in figures: slow requests, blocks, calls in threads, connections."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from overlap.recording.causes import cause
from overlap.recording.connections import ConnectionRow, OpenerRow, by_opener, by_thread
from overlap.recording.model import Recording, Request

SLOWEST = 20
"""The most requests that are listed."""


@dataclass(slots=True)
class RequestRow:
    """One request. Times are milliseconds."""

    name: str
    trace_id: str
    at_ns: int
    ms: float | None
    """None: it was still in progress."""
    running_ms: float
    ready_ms: float
    threads_ms: float
    """Running and queued in threads."""
    steps: int
    longest_ms: float
    line: str
    status: int
    outcome: str


@dataclass(slots=True)
class HopRow:
    """The calls in threads of one route, for one cause."""

    route: str
    cause: str
    calls: int
    requests: int
    queued_ms: float
    running_ms: float
    function: str
    """The one that took longest in total."""


@dataclass(slots=True)
class Summary:
    """What a recording shows."""

    service: str
    instance: str
    pid: int
    reason: str
    at_ns: int
    seconds: float
    """How long the recorded time is."""
    requests: int
    in_progress: int
    steps: int
    left_out: int
    slowest: list[RequestRow] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    hops: list[HopRow] = field(default_factory=list)
    connections: list[ConnectionRow] = field(default_factory=list)
    pool_waits: list[dict[str, Any]] = field(default_factory=list)
    collections: int = 0
    collections_ms: float = 0.0
    lost: list[str] = field(default_factory=list)
    rested_ms: float = 0.0
    """For so long no steps were recorded: many requests, and none that lasted."""
    connections_by_request: list[OpenerRow] = field(default_factory=list)
    """The connections again, by the requests that opened them."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def summary(recording: Recording) -> Summary:
    """Return what a recording shows. Requests in progress come first, then the slowest."""
    requests = recording.requests
    in_progress = [each for each in requests if each.took_s is None]
    shown = sorted(requests, key=lambda each: _length(each, recording.at_ns), reverse=True)
    by_number = {each.number: each for each in requests}
    return Summary(
        recording.service,
        recording.instance,
        recording.pid,
        recording.reason,
        recording.at_ns,
        round(max(0, recording.at_ns - recording.since_ns) / 1e9, 3),
        len(requests),
        len(in_progress),
        sum(len(each.steps) for each in requests) + recording.other_steps,
        recording.left_out,
        [_row(each) for each in shown[:SLOWEST]],
        [
            {
                "at_ns": each.at_ns,
                "ms": _ms(each.took_s),
                "what": each.what,
                "victims": each.victims,
                "lasts": each.lasts,
            }
            for each in recording.blocks
        ],
        _hops(requests),
        by_thread(recording),
        [
            {
                "at_ns": each.at_ns,
                "ms": _ms(each.took_s),
                "pool": each.what,
                "request": _name(waiting) if (waiting := by_number.get(each.request)) else "",
                "trace_id": waiting.trace_id if waiting else "",
                "given_up": each.given_up,
            }
            for each in recording.pool_waits
        ],
        len(recording.collections),
        _ms(sum(each.took_s for each in recording.collections)),
        [each.what for each in recording.lost],
        _ms(sum(each.took_s for each in recording.rests)),
        by_opener(recording),
    )


def _length(request: Request, now_ns: int) -> float:
    """Return how long a request took; one in progress, how long it has taken, and comes first."""
    if request.took_s is None:
        return 1e9 + max(0, now_ns - request.at_ns) / 1e9
    return request.took_s


def _name(request: Request) -> str:
    return request.name or "(in progress)"


def _row(request: Request) -> RequestRow:
    longest = max(request.steps, key=lambda step: step.took_s, default=None)
    return RequestRow(
        _name(request),
        request.trace_id,
        request.at_ns,
        None if request.took_s is None else _ms(request.took_s),
        _ms(request.running_s),
        _ms(request.ready_s),
        _ms(sum(call.queued_s + call.took_s for call in request.calls)),
        len(request.steps),
        _ms(longest.took_s) if longest else 0.0,
        longest.line if longest else "",
        request.status,
        request.outcome,
    )


def _hops(requests: list[Request]) -> list[HopRow]:
    rows: dict[tuple[str, str], HopRow] = {}
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    functions: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for request in requests:
        for call in request.calls:
            key = (_name(request), cause(call.function))
            row = rows.setdefault(key, HopRow(*key, 0, 0, 0.0, 0.0, ""))
            row.calls += 1
            row.queued_ms += call.queued_s * 1000
            row.running_ms += call.took_s * 1000
            seen[key].add(request.number)
            functions[key][call.function] += call.took_s  # type: ignore[assignment]
    for key, row in rows.items():
        row.requests = len(seen[key])
        row.queued_ms, row.running_ms = round(row.queued_ms, 3), round(row.running_ms, 3)
        row.function = functions[key].most_common(1)[0][0]
    return sorted(rows.values(), key=lambda row: row.queued_ms + row.running_ms, reverse=True)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
