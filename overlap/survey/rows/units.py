"""Seconds of nanoseconds, and what a part of a day is worth in a whole one."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
DAY_S = 86_400


def seconds(ns: int) -> float:
    """Return nanoseconds in seconds."""
    return ns / NS_PER_S


def a_day(ns: int, length_ns: int) -> float:
    """Return the seconds a day, if it is so much in a time of this length; 0 if it has none."""
    return ns * DAY_S / length_ns if length_ns > 0 else 0.0


def share(part: int, whole: int) -> float:
    """Return a part of a whole, 0 to 1."""
    return part / whole if whole else 0.0
