"""The report of a survey: what is summed, with its JSON, which can be read again and merged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from overlap.errors import OverlapError
from overlap.survey.rows.document import as_dict, from_dict
from overlap.survey.summing.of_trace import add_trace
from overlap.survey.totals.merging import add, bound
from overlap.survey.totals.model import Totals
from overlap.survey.totals.selection import only
from overlap.trace import Trace


class Report:
    """The sum of the verdicts on some traces. Two reports are equal if their sums are."""

    __slots__ = ("totals",)
    __hash__ = None  # type: ignore[assignment]  # it is mutable

    def __init__(self, totals: Totals | None = None) -> None:
        self.totals = Totals() if totals is None else totals

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return False
        bound(self.totals)
        bound(other.totals)
        return self.totals == other.totals

    def __repr__(self) -> str:
        return f"<Report of {self.totals.traces:,} traces>"

    def add(self, trace: Trace, *, left_out: int = 0, source: Path | None = None) -> None:
        """Add a trace, all of whose spans are there. It must not have been added before.

        left_out: how many spans of a very large trace are not there.
        source: the folder of the code that made the trace, which proves advice.
        """
        add_trace(self.totals, trace, left_out, source)

    def update(self, other: Report) -> None:
        """Add all traces of another report. The two must not share a trace."""
        add(self.totals, other.totals)

    def only(self, service: str | None = None, route: str | None = None) -> Report:
        """Return the report of one service, and of routes with a name or a pattern of names."""
        return Report(only(self.totals, service, route))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON contract of docs/reference/survey.md as plain data."""
        return as_dict(self.totals)

    def to_json(self) -> str:
        """Return the same as text."""
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = "input") -> Report:
        """Return the report that `to_json` wrote. Raise OverlapError if `text` is none."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise OverlapError(f"{source} is a damaged report of a survey") from None
        return cls(from_dict(document, source=source))


def survey(traces: Iterable[Trace]) -> Report:
    """Return the sum of the verdicts on `traces`. Pure: their order does not matter."""
    report = Report()
    for trace in traces:
        report.add(trace)
    return report


def merge(reports: Iterable[Report]) -> Report:
    """Return the sum of reports, none of which is changed. They must not share a trace."""
    result = Report()
    for each in reports:
        result.update(each)
    return result
