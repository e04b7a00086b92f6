"""The fields of many spans, a sequence for each field: what a tree is made from.

One call in C reads all fields of a span; to ask the spans again for each field takes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec.structs import astuple

from overlap.trace.model import Attributes, Event, Kind, Link, Span, StatusCode

_AT_ONCE: Final = 1000
"""Of more spans, a tuple of each would take much memory for a moment."""


class Columns(NamedTuple):
    """The fields of some spans, in the order of a span's fields, each in the order of the spans."""

    traces: Sequence[str]
    ids: Sequence[str]
    names: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int | None]
    ups: Sequence[str | None]
    """The ids of their parents."""
    kinds: Sequence[Kind]
    services: Sequence[str]
    attributes: Sequence[Attributes]
    resources: Sequence[Attributes]
    events: Sequence[tuple[Event, ...]]
    links: Sequence[tuple[Link, ...]]
    statuses: Sequence[StatusCode]
    messages: Sequence[str]
    scopes: Sequence[str]


def columns_of(spans: Sequence[Span]) -> Columns:
    """Return the fields of these spans."""
    if 0 < len(spans) <= _AT_ONCE:
        return Columns(*zip(*map(astuple, spans), strict=True))
    return Columns(*[(*map(attrgetter(field), spans),) for field in Span.__struct_fields__])
