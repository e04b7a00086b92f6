"""Encode protobuf's wire format, as far as OTLP's spans and log records need it.

Source: protobuf.dev, "Encoding"; the messages of attributes are in
opentelemetry/proto/common/v1/common.proto. Creating message objects first, as the SDK does, takes
five times as long, and does not release the interpreter lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

from overlap import names
from overlap.telemetry.export import secrets

_SHORT = 128
"""The encoding of a text with fewer characters is cached."""
_UNIQUE = frozenset(
    {
        names.AWAIT_TASK,
        names.CLIENT_PORT,
        "net.peer.port",
        "network.peer.port",
        names.TASK_ID,
        names.TASK_SPAN_ID,
        names.THREAD_FUNCTIONS,
        names.VICTIM_BLOCKED_BY,
        names.MESSAGING_MESSAGE_ID,
        "url.full",
        "url.query",
    }
)
"""Keys whose values hardly ever occur twice: a cache of them would only fill."""
_INT64 = 1 << 63
_THREE_BYTES, _FOUR_BYTES = 1 << 14, 1 << 21
"""The smallest numbers that take so many bytes."""

_double = Struct("<d").pack
fixed64 = Struct("<Q").pack
fixed32 = Struct("<I").pack


def varint(number: int) -> bytes:
    """Encode a number of up to 64 bits, seven bits a byte, lowest first; ten bytes if negative."""
    if 0 <= number < 128:
        return _ONE_BYTE[number]
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


_ONE_BYTE = [bytes([number]) for number in range(128)]


def sized(payload: bytes) -> bytes:
    """Return what follows the tag of a string or message: its length, then its bytes."""
    return varint(len(payload)) + payload


def utf8(text: str) -> bytes:
    """Encode text as UTF-8. Half of a surrogate pair, which has none, becomes `\\udcff`."""
    return text.encode("utf-8", "backslashreplace")


def attributes(tag: bytes, pairs: Mapping[str, Any] | None) -> list[bytes]:
    """Encode each pair as a KeyValue, after the `tag` of its field."""
    parts: list[bytes] = []
    add = parts.append
    # BoundedAttributes.items() takes five times as long as its dict's.
    own: Mapping[str, Any] = getattr(pairs, "_dict", pairs) or {}
    for key, value in own.items():
        kind = type(value)
        if key in _UNIQUE:
            if (
                kind is int and _THREE_BYTES <= value < _FOUR_BYTES
            ):  # mostly a port, or a task's number
                port = (value & 127 | 128, value >> 7 & 127 | 128, value >> 14)
                add(_before_three_bytes(tag, key) + bytes(port))
            else:
                add(tag + _pair(key, _clean(key, value)))
        elif kind is str and len(value) < _SHORT:
            add(_text_pair(tag, key, value))
        elif kind is int:
            add(_int_pair(tag, key, value))
        elif kind is float:
            add(_before_double(tag, key) + _double(value))
        elif isinstance(value, str):  # long, or a subclass for texts that occur once: not cached
            text = b"\x0a" + sized(utf8(secrets.current.without(key, value)))
            add(tag + sized(_before_value(key) + sized(text)))
        else:
            add(tag + _pair(key, value))
    return parts


def _clean(key: str, value: Any) -> Any:
    return secrets.current.without(key, value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _text_pair(tag: bytes, key: str, value: str) -> bytes:
    return tag + _pair(key, secrets.current.without(key, value))


@lru_cache(maxsize=4096)
def _int_pair(tag: bytes, key: str, value: int) -> bytes:
    # A cache for each type: 1, 1.0 and True are equal.
    return tag + _pair(key, value)


@lru_cache(maxsize=1024)
def _before_value(key: str) -> bytes:
    return b"\x0a" + sized(utf8(key)) + b"\x12"


@lru_cache(maxsize=1024)
def _before_double(tag: bytes, key: str) -> bytes:
    return tag + _pair(key, 0.0)[:-8]


@lru_cache(maxsize=1024)
def _before_three_bytes(tag: bytes, key: str) -> bytes:
    """Return what precedes a number that takes three bytes."""
    return tag + _pair(key, _THREE_BYTES)[:-3]


def _pair(key: str, value: Any) -> bytes:
    return sized(_before_value(key) + sized(any_value(value)))


def any_value(value: Any) -> bytes:  # noqa: PLR0911  one return a type
    """Encode an AnyValue, without its length."""
    if isinstance(value, str):
        return b"\x0a" + sized(utf8(secrets.current.text(value)))
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return b"\x18" + varint(value)
        return any_value(str(value))  # too large for the format's integers
    if isinstance(value, float):
        return b"\x21" + _double(value)
    if isinstance(value, bytes):
        return b"\x3a" + sized(value)
    if isinstance(value, Mapping):
        pairs = (b"\x0a" + _pair(str(key), each) for key, each in value.items())
        return b"\x32" + sized(b"".join(pairs))
    if isinstance(value, Sequence):
        return b"\x2a" + sized(b"".join(b"\x0a" + sized(any_value(each)) for each in value))
    return b"" if value is None else any_value(str(value))
