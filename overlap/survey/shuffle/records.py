"""Spans as bytes, in the files of a part: what the judge reads of them, in msgpack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from overlap import names
from overlap.trace.model import Attributes, Link, Span

_LENGTH = 4
"""Bytes of a batch's length, before it."""
_PROCESS = (names.SERVICE_INSTANCE_ID, names.PROCESS_PID)
"""Of a resource, the judge reads which process it is."""


class PackedLink(Link, frozen=True, gc=False, array_like=True):
    """A link as an array."""

    attributes: dict[str, Any] = msgspec.field(default_factory=dict)


class PackedSpan(Span, frozen=True, gc=False, array_like=True):
    """A span as an array; without events, as the judge reads none."""

    kind: str = "internal"  # type: ignore[assignment]  # was checked when it was read
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)
    resource: dict[str, Any] = msgspec.field(default_factory=dict)
    events: tuple[Any, ...] = ()
    links: tuple[PackedLink, ...] = ()
    status: str = "unset"  # type: ignore[assignment]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[PackedSpan]).decode


def write(file: IO[bytes], spans: Iterable[Span]) -> int:
    """Append a batch of spans; return how many bytes it takes."""
    packed = [*map(_packed, spans)]
    try:
        data = _encode(packed)
    except (UnicodeEncodeError, OverflowError):  # half a character, or a number of over 64 bits
        data = _encode(_encodable(packed))
    file.write(len(data).to_bytes(_LENGTH, "big"))
    file.write(data)
    return _LENGTH + len(data)


def read(file: IO[bytes]) -> Iterator[list[PackedSpan]]:
    """Yield the batches of a file."""
    while head := file.read(_LENGTH):
        yield _decode(file.read(int.from_bytes(head, "big")))


def _packed(span: Span) -> tuple[Any, ...]:
    return (
        span.trace_id,
        span.span_id,
        span.name,
        span.start_ns,
        span.end_ns,
        span.parent_id,
        span.kind,
        span.service,
        span.attributes,
        _process(span.resource),
        (),
        [(link.trace_id, link.span_id, link.attributes) for link in span.links],
        span.status,
        "",
        span.scope,
    )


def _process(resource: Attributes) -> Attributes:
    return {key: resource[key] for key in _PROCESS if key in resource} if resource else resource


def _encodable(value: Any) -> Any:
    """Return a value with question marks and text in place of what msgpack can't hold."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, bool) or not isinstance(value, int | list | tuple | dict):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 64 else str(value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(each) for key, each in value.items()}
    return [*map(_encodable, value)]
