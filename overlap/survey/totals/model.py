"""The state of a survey: what is summed, without anything that is derived from it.

Structs and dictionaries of integers and strings only: merging adds them, and JSON holds them whole.
"""

from __future__ import annotations

import msgspec

from overlap.survey.totals.durations import Durations

SEPARATOR = " › "
"""Between the names of a path in a key."""


class AdviceSum(msgspec.Struct):
    """One advice, summed over the traces that have it."""

    change: str
    at: str
    parent: str
    condition: str
    savings: Durations = msgspec.field(default_factory=Durations)
    """What each trace's request would save."""
    others_ns: int = 0
    """How much less other requests would wait."""


class Route(msgspec.Struct):
    """The requests with one name in one service; or the root spans of another kind."""

    service: str
    route: str
    durations: Durations = msgspec.field(default_factory=Durations)
    errors: int = 0
    traces: int = 0
    """The traces whose main request it is; shapes, self-times and advice are theirs."""
    shapes: dict[str, int] = {}
    self_time: dict[str, Durations] = {}
    """By path of names, from the request down: the span's own time on the critical path."""
    advice: dict[str, AdviceSum] = {}


class Block(msgspec.Struct):
    """One block of an event loop."""

    service: str
    route: str
    """The request or root span in which it happened."""
    culprit: str
    kind: str
    ns: int


class Waited(msgspec.Struct):
    """What requests reported of one block: how many waited for it, and how long."""

    requests: int = 0
    ns: int = 0


class Totals(msgspec.Struct):
    """The sum of the verdicts on some traces."""

    traces: int = 0
    spans: int = 0
    start_ns: int | None = None
    """The earliest start of a span, and the latest end."""
    end_ns: int | None = None
    routes: dict[str, Route] = {}
    blocks: dict[str, Block] = {}
    """By trace and span id: a block and its victims are in different traces, as a rule."""
    waited: dict[str, Waited] = {}
    """By the id of the block."""
    background: dict[str, dict[str, int]] = {}
    """By name of the task: how often each end occurred."""
    lost: dict[str, int] = {}
    warnings: dict[str, int] = {}
