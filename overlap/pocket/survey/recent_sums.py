"""Sums of surveyed traces by the time at which they began: of each of the last minutes, then ten.

The sum of a minute can be made again, from the traces that are still kept, when one of them grows.
Older minutes are added to the sum of their ten, which can't: an hour is a dozen sums and not sixty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from overlap.survey import Report

SINGLE = 5
"""The last minutes, each of which has a sum of its own."""
PARTS = 6
"""The sums of what is older: ten minutes each, of an hour."""


@dataclass(slots=True)
class _Minute:
    report: Report = field(default_factory=Report)
    traces: set[bytes] = field(default_factory=set)
    """Those in the sum that are still kept."""


class RecentSums:
    """The sums of the last minutes. A minute is a number: minutes since the epoch."""

    def __init__(self, minutes: int) -> None:
        self._kept = minutes
        self._single = min(SINGLE, minutes)
        self._width = max(1, minutes // PARTS)
        self._minutes: dict[int, _Minute] = {}
        self._older: dict[int, Report] = {}

    def has(self, number: int, trace_id: bytes) -> bool:
        """Return whether a trace is in the sum of a minute that can be made again."""
        minute = self._minutes.get(number)
        return minute is not None and trace_id in minute.traces

    def add(self, number: int, trace_id: bytes, report: Report, now: int) -> None:
        """Add the report of a trace that is in no sum."""
        if number < now - self._kept:
            return
        if number <= now - self._single:
            self._older.setdefault(number // self._width, Report()).update(report)
            return
        minute = self._minutes.setdefault(number, _Minute())
        minute.traces.add(trace_id)
        minute.report.update(report)

    def start_again(self, number: int) -> set[bytes]:
        """Empty the sum of a minute. Return the traces that were in it and are kept."""
        return self._minutes.pop(number).traces

    def tidy(self, now: int) -> bool:
        """Join minutes that are past, and forget what is too old; return whether anything was."""
        for number in [each for each in self._minutes if each <= now - self._single]:
            past = self._minutes.pop(number).report
            self._older.setdefault(number // self._width, Report()).update(past)
        old = [each for each in self._older if (each + 1) * self._width <= now - self._kept]
        for number in old:
            del self._older[number]
        return bool(old)

    def forget(self, is_kept: Callable[[bytes], bool]) -> None:
        """Forget which dropped traces are in the sums: they can't grow."""
        for minute in self._minutes.values():
            minute.traces = {each for each in minute.traces if is_kept(each)}

    def reports(self) -> list[Report]:
        """Return the sums of all minutes."""
        return [*self._older.values(), *(minute.report for minute in self._minutes.values())]
