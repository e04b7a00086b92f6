"""The trace model: Trace, Span, Event and Link as plain data, for readers and the judge.

Times are integers, nanoseconds since the epoch, as in OTLP; ids are lower-case
hex without dashes. Nothing is checked or repaired here: the judge does that, so
that it can report each repair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

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

# Structs of msgspec rather than dataclasses: a tenth of the time to make, and with gc=False
# the garbage collector does not visit them. They hold plain data, so they form no cycles.


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened at one instant of a span."""

    name: str
    time_ns: int
    attributes: Attributes = {}


class Link(msgspec.Struct, frozen=True, gc=False):
    """A pointer from one span to another, maybe in another trace."""

    trace_id: str
    span_id: str
    attributes: Attributes = {}


class Span(msgspec.Struct, frozen=True, gc=False):
    """One operation of one service. `end_ns` is None (or 0 in OTLP) where no end was recorded."""

    trace_id: str
    span_id: str
    name: str
    start_ns: int
    end_ns: int | None
    parent_id: str | None = None
    kind: Kind = "internal"
    service: str = "unknown_service"
    attributes: Attributes = {}
    resource: Attributes = {}
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    status: StatusCode = "unset"
    status_message: str = ""
    scope: str = ""


class Trace(msgspec.Struct, frozen=True):
    """The spans that share one trace id, in no particular order, duplicates and all."""

    trace_id: str
    spans: tuple[Span, ...]
    warnings: tuple[str, ...] = ()
    """What the reader left out of it or of its input."""
    followers: tuple[Span, ...] = ()
    """Consumers in other traces of the same input that link to a span of this one."""
