"""The trace model: Trace, Span, Event and Link as plain data, for readers and the judge.

Times are integers, nanoseconds since the epoch, as in OTLP; ids are lower-case
hex without dashes. Nothing is checked or repaired here: the judge does that, so
that it can report each repair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

AttributeValue: TypeAlias = (
    "str | bool | int | float | bytes | list[AttributeValue] | dict[str, AttributeValue] | None"
)
Attributes: TypeAlias = Mapping[str, AttributeValue]
Kind: TypeAlias = Literal["unspecified", "internal", "server", "client", "producer", "consumer"]
StatusCode: TypeAlias = Literal["unset", "ok", "error"]

KINDS: tuple[Kind, ...] = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""By OTLP's enum number."""
STATUS_CODES: tuple[StatusCode, ...] = ("unset", "ok", "error")
"""By OTLP's enum number."""

_EMPTY: Attributes = {}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one instant of a span."""

    name: str
    time_ns: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer from one span to another, maybe in another trace."""

    trace_id: str
    span_id: str
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One operation of one service. `end_ns` is None (or 0 in OTLP) where no end was recorded."""

    trace_id: str
    span_id: str
    name: str
    start_ns: int
    end_ns: int | None
    parent_id: str | None = None
    kind: Kind = "internal"
    service: str = "unknown_service"
    attributes: Attributes = field(default_factory=dict)
    resource: Attributes = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    status: StatusCode = "unset"
    status_message: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans that share one trace id, in no particular order, duplicates and all."""

    trace_id: str
    spans: tuple[Span, ...]
