"""The state of a survey: what is summed, without anything that is derived from it.

Structs and dictionaries of integers and strings only: merging adds them, and JSON holds them whole.
"""

from __future__ import annotations

from typing import Final

import msgspec

from overlap.survey.totals.durations import Count, Durations, Positive

SEPARATOR: Final = "\x1f"
"""Between the parts of a key: ASCII's unit separator."""

RUNNING: Final = "running"
READY: Final = "ready"
THREADS: Final = "threads"
DATABASE: Final = "database"
CALLS: Final = "calls"
OWN: Final = "own"
UNCOVERED: Final = "uncovered"
CATEGORIES: Final = (RUNNING, READY, THREADS, DATABASE, CALLS, OWN, UNCOVERED)
"""What the time of a critical path is divided into, in the order in which it is shown."""


class AdviceSum(msgspec.Struct):
    """One advice, summed over the traces that have it."""

    change: str
    at: str
    parent: str
    condition: str
    savings: Durations = msgspec.field(default_factory=Durations)
    """What each trace's request would save."""
    others_ns: Count = 0
    """How much less other requests of the same trace would wait."""
    evidence: str = ""
    """Of `gather`: whether the condition is proven or possible; seen follows from the route."""
    calls: dict[str, Positive] = {}
    """Of `gather`: in how many traces these calls would run at once; names in their order."""
    diff: str = ""
    """The change of the source that proves it."""


class Repeated(msgspec.Struct):
    """A query that requests of a route send several times each."""

    requests: Count = 0
    queries: Count = 0
    most: Count = 0
    """The most of one request, and the smallest id of a trace with so many."""
    example: str = ""
    ns: Count = 0
    """The sum of their durations."""


class Route(msgspec.Struct):
    """The requests with one name in one service; or the root spans of another kind."""

    service: str
    route: str
    durations: Durations = msgspec.field(default_factory=Durations)
    errors: Count = 0
    traces: Count = 0
    """The traces whose main request it is."""
    shapes: dict[str, Positive] = {}
    time: dict[str, Positive] = {}
    """By category: the nanoseconds of the critical paths of all requests."""
    self_time: dict[str, Durations] = {}
    """By path of names, from the request down: the span's own time on the critical path."""
    advice: dict[str, AdviceSum] = {}
    background: dict[str, dict[str, Positive]] = {}
    """By name of the task: how often each end occurred."""
    lost: dict[str, Positive] = {}
    queries: dict[str, Repeated] = {}
    """By statement without literals."""
    orders: dict[str, Positive] = {}
    """By parent's name and the names below it, each once, in order of start: how often."""
    at_once: dict[str, Positive] = {}
    """By parent's name and two names: how often the second began before the first had ended."""
    failed: dict[str, list[str]] = {}
    """By parent's name and the name of a call that failed: what was called beside it each time."""


class Culprit(msgspec.Struct):
    """A line that blocked the event loop in requests of one route."""

    service: str
    route: str
    line: str
    kind: str
    blocks: Count = 0
    ns: Count = 0
    example: str = ""
    """The smallest id of its traces."""


class Waited(msgspec.Struct):
    """What requests reported of one block: how many waited for it, and how long."""

    requests: Count = 0
    ns: Count = 0


class Totals(msgspec.Struct):
    """The sum of the verdicts on some traces."""

    traces: Count = 0
    spans: Count = 0
    start_ns: Count | None = None
    """The earliest start of a span, and the latest end."""
    end_ns: Count | None = None
    unended: Count = 0
    """Traces with a span that has no end: as if it lasted until the last time known."""
    left_out: Count = 0
    """Spans of traces that have more spans than are judged."""
    routes: dict[str, Route] = {}
    culprits: dict[str, Culprit] = {}
    blocks: dict[str, str] = {}
    """By trace and span id of a block: the key of its culprit. It stays, as victims in other
    traces report it; a loop has at most ten blocks a second, whatever its traces are."""
    waited: dict[str, Waited] = {}
    """By the id of the block."""
    warnings: dict[str, Positive] = {}
