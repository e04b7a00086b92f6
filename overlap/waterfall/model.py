"""The waterfall as plain data: bars, the marks on them, the shades behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from overlap.trace import Event, Span
from overlap.waterfall.lanes import Lane


@dataclass(frozen=True, slots=True)
class Mark:
    """An event of a bar, `ms` after the trace's start."""

    ms: float
    event: Event


@dataclass(frozen=True, slots=True)
class Bar:
    """One row. Times in ms after the trace's start."""

    span: Span
    depth: int
    start_ms: float
    end_ms: float
    response_end_ms: float | None = None
    """The end of the server span above it in its own service, where the bar goes past it."""
    background: bool = False
    """It goes past its response."""
    concurrent: bool = False
    """It shares a stage with a sibling."""
    serial: bool = False
    """It is alone in its stage, and siblings come before or after it."""
    offloaded: bool = False
    """It ran on another thread than its parent, in the same service."""
    thread: str = ""
    lost: bool = False
    culprit: bool = False
    """It blocked the event loop."""
    victim: bool = False
    """It waited for the event loop while another request blocked it."""
    unended: bool = False
    """No end was recorded; it is drawn to the end of the trace."""
    mark: bool = False
    """It has no duration."""
    neighbour: bool = False
    """Sent only to measure whether it is delayed."""
    error: bool = False
    took_ms: float = 0.0
    """Its duration, also where the picture shows a part of the trace."""
    events: tuple[Mark, ...] = ()
    on_loop: bool = False
    """The lens recorded how long its tasks ran, were ready, and awaited."""
    running_ms: float = 0.0
    ready_ms: float = 0.0
    path: tuple[tuple[float, float], ...] = ()
    """Its own time on the critical path of the main request: start and end of each part."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One row for siblings that are not drawn, with everything below them."""

    parent_id: str
    """The span to open; empty for spans without a parent."""
    depth: int
    start_ns: int
    end_ns: int
    siblings: int
    spans: int
    """The siblings and the spans below them."""
    names: list[tuple[str, int]]
    """The most frequent names of the siblings, with their number."""
    first: int = 0
    """The number of the first of them, where the parent's children are shown in parts."""
    after: int = 0
    """How many bars are drawn above it."""
    start_ms: float = 0.0
    end_ms: float = 0.0

    def at(self, after: int, depth: int, start_ms: float, end_ms: float) -> Fold:
        """Return the fold in its place in a picture."""
        return replace(self, after=after, depth=depth, start_ms=start_ms, end_ms=end_ms)


@dataclass(frozen=True, slots=True)
class Shade:
    """A time in which the event loop was blocked, across all rows. Times in ms."""

    start_ms: float
    end_ms: float
    culprit: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What to draw: every time lies in [0, total_ms]."""

    total_ms: float
    bars: list[Bar] = field(default_factory=list)
    blocked: list[Shade] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    omitted: int = 0
    """How many spans have no row."""
    folds: list[Fold] = field(default_factory=list)
    """One row for each run of spans without a row, in order of their place."""
