"""The verdict as plain data. `Verdict.as_dict()` is the public JSON contract (README)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

SINGLE: Final = "single"
SERIAL: Final = "serial"
CONCURRENT: Final = "concurrent"
BLOCKING: Final = "blocking"
BACKGROUND: Final = "background"
OFFLOADED: Final = "offloaded"
LOST: Final = "lost"
SHAPES: Final = (CONCURRENT, SERIAL, BLOCKING, BACKGROUND, OFFLOADED, LOST, SINGLE)
"""Every shape, in the order in which a verdict lists them."""


@dataclass(frozen=True, slots=True)
class Group:
    """The children of one span, and how they overlapped. Times in ms."""

    parent: str
    parent_id: str
    stages: list[list[str]]
    overlap_factor: float
    peak: int
    wall_ms: float
    work_ms: float
    critical_path: list[str]
    parent_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Background:
    """A span that ended after the server span above it, in the same service."""

    span: str
    outlived_ms: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """The event loop was blocked for `ms`: by which line, and which requests waited."""

    ms: float
    culprit: str
    """`app/views/burning.py:14 in oversmoke`."""
    victims: list[str]


@dataclass(frozen=True, slots=True)
class Offloaded:
    """A span that ran on another thread than its parent, in the same service."""

    span: str
    thread: str


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """One task that was sent to a worker over a queue."""

    task: str
    worker: str
    """The service that ran it; empty if none did."""
    end: str
    """`done`, `failed` or `revoked`; `waiting` where it was not seen to end."""
    tries: int
    """How often it ran; 0 if it was revoked before its first run."""
    queued_ms: float | None
    """From sending to the start of its first run."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests that share the name of their server span."""

    request: str
    """`GET /smoke_some_meats/`."""
    count: int
    median_ms: float
    longest_ms: float
    first_part: float | None = None
    """Of those that were streamed: the median share of its time, 0 to 1, that one took to its
    first part."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason why the trace took as long as it did, as a sentence."""

    text: str
    span_ids: list[str]
    """The spans that are the evidence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trace shows."""

    trace_id: str
    shapes: list[str]
    groups: list[Group] = field(default_factory=list)
    background: list[Background] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    offloaded: list[Offloaded] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    handed: list[QueuedTask] = field(default_factory=list)
    requests: list[Requests] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    why: list[Why] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The public JSON contract: plain lists, strings and numbers."""
        return asdict(self)
