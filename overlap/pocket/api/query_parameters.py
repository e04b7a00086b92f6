"""Parsers of query parameters, with Go's rules, as in Jaeger. They raise ValueError."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip
LONGEST_DURATION = 100
"""In characters. 292 years, the longest that Go has, is 30 of them."""
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def time_ns(text: str) -> int:
    """Read RFC 3339, with up to nine digits of a second, as nanoseconds since the epoch."""
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f"{text[:60]!r} is not a time in RFC 3339 form")
    day, clock, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = whole.days * 86_400 + whole.seconds
    return seconds * 1_000_000_000 + int((fraction or "0")[:9].ljust(9, "0"))


def duration_ns(text: str) -> int:
    """Read Go's durations, `1.5s` or `2m30s`, as nanoseconds."""
    if text == "0":
        return 0
    # For a thousand digits without a unit the pattern would take minutes.
    parts = _DURATION.findall(text) if len(text) <= LONGEST_DURATION else []
    if not parts or "".join(number + unit for number, unit in parts) != text.lstrip("+"):
        raise ValueError(f"{text[:60]!r} is not a duration such as 1.5s or 100ms")
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if total >= 2**63:
        raise ValueError(f"{text[:60]!r} is longer than a duration can be")
    return round(total)


def boolean(text: str) -> bool:
    """Read true, t, 1 and their opposites."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f"{text[:60]!r} is neither true nor false")


def whole_number(text: str) -> int:
    """Read a decimal integer."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError(f"{text[:60]!r} is not a whole number")
    return int(text)


def trace_id(text: str) -> bytes:
    """Read a trace id of up to 32 hex digits; leading zeros may be missing."""
    if len(text) > 32:
        raise ValueError(f"TraceID cannot be longer than 32 hex characters: {text[:60]}")
    if not re.fullmatch(r"[0-9a-fA-F]+", text):
        raise ValueError(f"{text!r} is not a number in hex digits")
    return bytes.fromhex(text.rjust(32, "0"))
