"""What the templates of scenarios and traces are given: cards, pairs, and views of a trace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from overlap.pocket.pages.drawing.judged_traces import MAX_ROWS, ROWS, Judged
from overlap.pocket.pages.drawing.model import Picture
from overlap.pocket.pages.expectation import Check
from overlap.pocket.pages.scenarios import Play
from overlap.pocket.storage.logs_and_metrics import LogLine
from overlap.pocket.storage.store import StoredTrace
from overlap.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Card:
    """A scenario and the picture of its last trace."""

    scenario: Scenario
    play: Play
    stored: StoredTrace | None
    judged: Judged | None
    picture: Picture | None
    checks: list[Check]
    problems: list[str]
    incomplete: bool
    """Whether its trace may still be incomplete."""

    @property
    def state(self) -> str:
        """`playing`, `waiting`, `failed`, `none`, `incomplete`, `good` or `bad`."""
        if self.play.busy:
            return self.play.state
        if self.play.error:
            return "failed"
        if self.judged is None:
            return "none"
        if not self.problems:
            return "good"
        return "incomplete" if self.incomplete else "bad"

    @property
    def settled(self) -> bool:
        """Whether its trace is complete, so that it can be called right or wrong."""
        return self.state in ("good", "bad")

    @property
    def watch(self) -> str:
        """The topics whose events change this card."""
        topics = [f"scenario:{self.scenario.name}"]
        if self.stored is not None:
            topics.append(self.stored.id)
        return " ".join(topics)


@dataclass(frozen=True, slots=True)
class Pair:
    """A scenario and its pair, drawn to one scale."""

    cards: list[Card]
    again: bool = False
    """Whether the second card is shown elsewhere on the page too."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of a trace a page shows: the overview, an opened span, or search results."""

    rows: int = ROWS
    open: str | None = None
    """The id of the span whose children are shown; empty for the spans without a parent."""
    first: int = 0
    query: str = ""
    name: str = ""
    """The name of the opened span."""
    start_ms: float = 0.0
    """When the opened span starts, after the trace's start."""
    hits: frozenset[str] = frozenset()
    """The ids of the spans that contain the query."""


@dataclass(frozen=True, slots=True)
class View:
    """The contents of a trace's page."""

    stored: StoredTrace
    judged: Judged
    picture: Picture
    part: Part
    logs: list[LogLine]
    scenario: Scenario | None
    checks: list[Check]
    incomplete: bool


def part_of(asked: Mapping[str, str]) -> Part:
    """Read which part of a trace is asked for; what can't be read is left at its default."""

    def number(key: str, default: int, most: int) -> int:
        text = asked.get(key, "")
        return min(int(text), most) if re.fullmatch(r"[0-9]{1,7}", text) else default

    return Part(
        rows=number("rows", ROWS, MAX_ROWS) or ROWS,
        open=asked.get("open"),
        first=number("first", 0, 10_000_000),
        query=asked.get("q", "").strip()[:200],
    )
