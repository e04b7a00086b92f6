"""Check single values of untrusted JSON. A value of the wrong type raises Misread."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

from overlap.trace.model import Attributes

Json: TypeAlias = Mapping[str, Any]

NOTHING: Attributes = {}
"""Shared by every span, resource and event without attributes: a million empty dicts are 64 MB."""

MAX_TIME_NS = 2**64 - 1
"""OTLP's times are fixed64."""
LONGEST_ID = 128
"""In characters: more than any format's ids have."""


class Misread(ValueError):
    """A value has the wrong type or form for its field. Readers add its place."""


def show(value: object) -> str:
    """Return a value in at most 40 characters, for an error message."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    if isinstance(value, int) and not -(10**30) < value < 10**30:
        return "a very large number"
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."


def is_object(value: object) -> TypeGuard[Json]:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def obj(value: object, name: str) -> Json:
    """Return an object; an empty one for null."""
    if value is None:
        return {}
    if not is_object(value):
        raise Misread(f"{name} is {show(value)}, not an object")
    return value


def array(value: object, name: str) -> Sequence[Any]:
    """Return an array; an empty one for null."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Misread(f"{name} is {show(value)}, not an array")
    return value


def text(value: object, name: str) -> str:
    """Return a string that any encoder accepts; "" for null. Lone surrogates become "?"."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misread(f"{name} is {show(value)}, not a string")
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def integer(value: object, name: str) -> int:
    """Return a whole number, from a number or a string of digits; 0 for null."""
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, str) and value.isascii() and len(value) <= 24:
        digits = value.removeprefix("-")
        if digits.isdigit():
            return int(value)
    raise Misread(f"{name} is {show(value)}, not a whole number")


def time_ns(value: object, name: str) -> int:
    """Return nanoseconds since the epoch; 0 for null."""
    number = integer(value, name)
    if not 0 <= number <= MAX_TIME_NS:
        raise Misread(f"{name} is {show(number)}, outside the range of OTLP times")
    return number


def number(value: object, name: str) -> float:
    """Return a float; accepts NaN, Infinity and -Infinity as strings, as protobuf's JSON does."""
    if isinstance(value, bool):
        raise Misread(f"{name} is {show(value)}, not a number")
    if isinstance(value, int | float | str):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise Misread(f"{name} is {show(value)}, not a number")


def raw(value: object, name: str) -> bytes:
    """Return bytes from base64 (either alphabet, padded or not)."""
    plain = text(value, name)
    try:
        padded = plain.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Misread(f"{name} is {show(value)}, not base64") from None


def identifier(value: object, name: str, size: int, *, or_base64: bool = False) -> str:
    """Return an id of `size` bytes as lower-case hex; "" for none and for zero.

    Short hex is padded, as Jaeger does. Any other text is kept: it identifies as well.
    """
    plain = text(value, name)
    if not plain.strip("0"):
        return ""
    if is_hex(plain) and len(plain) <= size * 2:
        return plain.lower().rjust(size * 2, "0")
    if or_base64 and len(plain.rstrip("=")) == (size * 4 + 2) // 3:
        found = _from_base64(plain, name)
        if len(found) == size:
            return found.hex() if any(found) else ""
    if len(plain) > LONGEST_ID:
        raise Misread(f"{name} is {show(value)}, too long for an id")
    return plain


def _from_base64(plain: str, name: str) -> bytes:
    try:
        return raw(plain, name)
    except Misread:
        return b""


def is_hex(plain: str) -> bool:
    """Return whether a text is made of hex digits alone."""
    return not plain.strip("0123456789abcdefABCDEF")
