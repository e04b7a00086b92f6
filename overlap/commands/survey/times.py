"""Read lengths of time and dates from options."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NS_PER_S = 1_000_000_000


def length_ns(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """Return the nanoseconds of a length of time such as `90s`, `15m`, `1h` or `2d`."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if not found or not int(found[1]):
        raise click.BadParameter(f"{value!r} is not a time such as 90s, 15m, 1h or 2d")
    return int(found[1]) * _UNITS_S[found[2]] * _NS_PER_S


def time_ns(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """Return the nanoseconds since the epoch of a date or time; in UTC if it has no zone."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        return round(found.timestamp() * 1_000_000) * 1000
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is not a time such as 2026-11-30, 2026-11-30T14:05 or 2026-11-30T14:05Z"
        ) from None
