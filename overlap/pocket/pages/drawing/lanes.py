"""Lanes of the event loop and the threads, and the shares of each bar, for the template."""

from __future__ import annotations

from dataclasses import dataclass

from overlap.draw.text import clean, duration
from overlap.pocket.pages.drawing.shape import Box
from overlap.waterfall import Bar, Lane, Waterfall

COLOURS = 6
LEAST_WIDTH = 0.15
"""Per cent: so that a turn of a microsecond is visible."""


@dataclass(frozen=True, slots=True)
class DrawnTurn:
    """A turn in a lane, and the queue time before it."""

    box: Box
    queue: Box | None
    colour: int
    span_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """One lane."""

    kind: str
    name: str
    service: str
    turns: list[DrawnTurn]
    busy: str
    """The total time in use."""


def drawn_lanes(waterfall: Waterfall, total_ms: float) -> list[DrawnLane]:
    """Draw the lanes to the waterfall's scale; a request has one colour in all of them."""
    colours: dict[str, int] = {}
    return [_lane(lane, total_ms, colours) for lane in waterfall.lanes]


def _lane(lane: Lane, total_ms: float, colours: dict[str, int]) -> DrawnLane:
    turns = []
    for turn in lane.turns:
        colour = colours.setdefault(turn.span.span_id, len(colours)) % COLOURS
        took = duration(turn.end_ms - turn.start_ms)
        queued = f", after {duration(turn.queued_ms)} in the queue" if turn.queued_ms >= 1 else ""
        turns.append(
            DrawnTurn(
                _box("turn", turn.start_ms, turn.end_ms, total_ms),
                _box("queue", turn.start_ms - turn.queued_ms, turn.start_ms, total_ms)
                if queued
                else None,
                colour,
                turn.span.span_id,
                f"{clean(turn.span.name)}: {took} from {duration(turn.start_ms)} on{queued}",
            )
        )
    busy = duration(sum(turn.end_ms - turn.start_ms for turn in lane.turns))
    return DrawnLane(lane.kind, clean(lane.name), clean(lane.service), turns, busy)


def shares(bar: Bar, total_ms: float) -> list[Box]:
    """Return the bar divided into running, ready and awaiting."""
    length = bar.end_ms - bar.start_ms
    if total_ms <= 0 or length <= 0 or not bar.on_loop:
        return []
    running = min(bar.running_ms, length)
    ready = min(bar.ready_ms, length - running)
    at = bar.start_ms
    found = []
    for kind, part in (
        ("running", running),
        ("ready", ready),
        ("awaiting", length - running - ready),
    ):
        if part > 0:
            found.append(Box(kind, _per_cent(at, total_ms), _per_cent(part, total_ms)))
            at += part
    return found


def _box(kind: str, start_ms: float, end_ms: float, total_ms: float) -> Box:
    if total_ms <= 0:
        return Box(kind, "0.000%", "100.000%")
    width = min(max(100 * (end_ms - start_ms) / total_ms, LEAST_WIDTH), 100.0)
    x = min(max(100 * start_ms / total_ms, 0.0), 100 - width)
    return Box(kind, f"{x:.3f}%", f"{width:.3f}%")


def _per_cent(part: float, total: float) -> str:
    return f"{min(100.0, 100 * part / total):.3f}%"
