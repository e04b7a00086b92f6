"""The verdict as plain data: the JSON contract of docs/reference/verdict.md."""

from __future__ import annotations

from typing import Any, Final

import msgspec

SINGLE: Final = "single"
SERIAL: Final = "serial"
CONCURRENT: Final = "concurrent"
BLOCKING: Final = "blocking"
BACKGROUND: Final = "background"
OFFLOADED: Final = "offloaded"
LOST: Final = "lost"
PROVEN: Final = "proven"
SEEN: Final = "seen"
POSSIBLE: Final = "possible"
RECORDED: Final = "recorded"
TIMING: Final = "timing"
PROCESSES: Final = "processes"
"""Advice: calls in threads took turns to compute."""
CHANGES: Final = (
    "gather", "threads", "one_query", "off_loop", "limit", PROCESSES, "one_client",
    "workers", "circuit_breaker", "async_caller", "async_iterator", "task_group", "reference",
    "time_limit", "durable",
)  # fmt: skip
"""Every kind of advice."""
SHAPES: Final = (CONCURRENT, SERIAL, BLOCKING, BACKGROUND, OFFLOADED, LOST, SINGLE)
"""Every shape, in the order in which a verdict lists them."""


# Structs of msgspec rather than dataclasses: a frozen dataclass takes ten times as long to make.


class Group(msgspec.Struct, frozen=True, gc=False):
    """The children of one span, and how they overlapped. Times in ms."""

    parent: str
    parent_id: str
    stages: list[list[str]]
    overlap_factor: float
    peak: int
    wall_ms: float
    work_ms: float
    critical_path: list[str]
    """Of the children that the parent waited for."""
    parent_ms: float = 0.0
    shape: str = SINGLE
    """`concurrent`, `serial` or `single`."""
    stage_ids: list[list[str]] = []
    """The span ids of `stages`, in the same order."""
    critical_path_ids: list[str] = []
    evidence: str = TIMING
    """What the critical path is read from: `recorded` or `timing`."""


class Background(msgspec.Struct, frozen=True, gc=False):
    """A span that ended after the server span above it, in the same service."""

    span: str
    outlived_ms: float
    span_id: str = ""


class Blocked(msgspec.Struct, frozen=True, gc=False):
    """The event loop was blocked for `ms`: by which line, and which requests waited."""

    ms: float
    culprit: str
    """`app/views/burning.py:14 in oversmoke`."""
    victims: list[str]
    span_id: str = ""
    victim_ids: list[str] = []
    """The span ids of `victims`, in the same order."""
    unfinished: bool = False
    """The block was not seen to end: it lasted for `ms` at least, until its process was killed."""


class Offloaded(msgspec.Struct, frozen=True, gc=False):
    """A span that ran on another thread than its parent, in the same service."""

    span: str
    thread: str
    span_id: str = ""


class QueuedTask(msgspec.Struct, frozen=True, gc=False):
    """One task that was sent to a worker over a queue."""

    task: str
    worker: str
    """The service that ran it; empty if none did."""
    end: str
    """`done`, `failed` or `revoked`; `waiting` if it ran and was not seen to end; `unseen` if the
    trace holds no run of it; `unsent` if sending it failed."""
    tries: int
    """How often it ran; 0 if it was revoked before its first run."""
    queued_ms: float | None
    """From sending to the start of its first run."""
    span_id: str = ""
    """Of its sending; of its first run if the trace does not hold the sending."""
    run_ids: list[str] = []


class Requests(msgspec.Struct, frozen=True, gc=False):
    """The requests that share the name of their server span."""

    request: str
    """`GET /smoke_some_meats/`."""
    count: int
    median_ms: float
    longest_ms: float
    first_part: float | None = None
    """Of those that were streamed: the median share of its time, 0 to 1, that one took to its
    first part."""


class Why(msgspec.Struct, frozen=True, gc=False):
    """One reason why the trace took as long as it did, as a sentence."""

    text: str
    span_ids: list[str]
    """The spans that are the evidence."""


class PathSegment(msgspec.Struct, frozen=True, gc=False):
    """A part of the main request's critical path: the own time of one span."""

    span: str
    span_id: str
    service: str
    start_ms: float
    """From the start of the request; exact to the nanosecond, as `ms` is."""
    ms: float
    evidence: str = TIMING
    """What shows that it is on the path: `recorded` or `timing`."""


class SelfTime(msgspec.Struct, frozen=True, gc=False):
    """How much of the main request's critical path is the own time of one span."""

    span: str
    span_id: str
    service: str
    ms: float
    share: float
    """Of the request's duration, 0 to 1."""


class Advice(msgspec.Struct, frozen=True, gc=False):
    """One change to the code, and what it would gain if its condition holds. Times in ms."""

    change: str
    """One of CHANGES."""
    at: str
    """`app/views/tutorial.py:14 in smoke`, as far as the trace knows; else empty."""
    parent: str
    """The span below which the change is to be made."""
    parent_id: str
    span_ids: list[str]
    """The spans that are the evidence."""
    request_ms: float
    """How long the request took."""
    would_be_ms: float
    """How long it would take with this change alone."""
    saves_ms: float
    others_ms: float
    """How much less the other requests would wait, all together."""
    condition: str
    """What must hold for the prediction, as a clause that begins with `if`; empty if nothing."""
    text: str
    evidence: str = ""
    """Of `gather`: whether the condition is `proven`, `seen` in other traces, or `possible`."""
    diff: str = ""
    """The change to the source as a unified diff, if the source was at hand and shows it."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What a trace shows."""

    trace_id: str
    shapes: list[str]
    groups: list[Group] = []
    background: list[Background] = []
    blocked: list[Blocked] = []
    offloaded: list[Offloaded] = []
    lost: list[str] = []
    cancelled: list[str] = []
    handed: list[QueuedTask] = []
    requests: list[Requests] = []
    warnings: list[str] = []
    why: list[Why] = []
    critical_path: list[PathSegment] = []
    """Of the main request, in order of time; the segments add up to its duration."""
    self_time: list[SelfTime] = []
    """The critical path summed for each span, the longest first."""
    advice: list[Advice] = []
    """The change that saves most first."""
    uncovered_ms: float = 0.0
    """For how long no span below the main request ran."""
    evidence: str = TIMING
    """What the main request's critical path is read from: `recorded` if the trace holds which task
    waited for which, for all of it; otherwise `timing`, by the times of spans alone."""

    def as_dict(self) -> dict[str, Any]:
        """The public JSON contract: plain lists, strings and numbers."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
