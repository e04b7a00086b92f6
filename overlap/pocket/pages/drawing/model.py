"""The picture of a waterfall as plain data: rows, folds, shades and ticks, for the template."""

from __future__ import annotations

from dataclasses import dataclass, field

from overlap.pocket.pages.drawing.badges import Badge
from overlap.pocket.pages.drawing.lanes import DrawnLane
from overlap.pocket.pages.drawing.shape import Box
from overlap.trace import Span


@dataclass(frozen=True, slots=True)
class Dot:
    """An event on a row."""

    x: str
    failed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One span."""

    span: Span
    name: str
    service: int
    depth: int
    boxes: list[Box]
    shares: list[Box]
    """The bar divided into running, ready and awaiting."""
    path: list[Box]
    """Its own time on the critical path."""
    dots: list[Dot]
    badges: list[Badge]
    response_x: str
    mark_x: str
    lost: bool
    label: str
    label_x: str
    label_side: str
    """`after` the bar, `before` it, or `over` it (`over-late` if the bar's end is pale)."""
    spoken: str
    """The row in words, for screen readers."""
    start: str
    events: list[tuple[str, str, list[tuple[str, str]]]]
    attributes: list[tuple[str, str]]
    links: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class FoldRow:
    """One row for spans that are not drawn."""

    parent_id: str
    first: int
    depth: int
    box: Box
    text: str
    """`400 more: SELECT × 380, GET × 20`."""
    spans: str
    """How many spans it stands for, if more than the siblings."""


@dataclass(frozen=True, slots=True)
class Shaded:
    """A time in which the event loop was blocked."""

    box: Box
    text: str
    wide: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the waterfall's template draws."""

    rows: list[Row] = field(default_factory=list)
    folds: dict[int, list[FoldRow]] = field(default_factory=dict)
    """By the number of rows above them."""
    shades: list[Shaded] = field(default_factory=list)
    ticks: list[tuple[str, str]] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    legend: list[Badge] = field(default_factory=list)
    lanes: list[DrawnLane] = field(default_factory=list)
    total: str = ""
    omitted: int = 0
    has_path: bool = False
    """Whether the critical path is marked in some row."""
