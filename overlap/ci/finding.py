"""A finding: what is wrong in a trace, at which line of the code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from overlap.judge.code_place import code_place

BLOCKING: Final = "blocking"
LOST: Final = "lost"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. Two with the same rule and place are the same."""

    rule: str
    """`blocking`, `lost`, or the change of an advice, such as `gather`."""
    at: str
    """`shop/views.py:14 in checkout`; empty if no line is known."""
    text: str
    route: str = ""
    """The request, such as `GET /checkout/`."""
    test: str = ""
    """The test that recorded the trace; empty for a survey."""
    trace_id: str = ""
    count: int = 1
    """In how many traces, or tests."""

    @property
    def file(self) -> str:
        """The file of the line; empty if none is known."""
        place = code_place(self.at)
        return place.file if place else ""

    @property
    def line(self) -> int:
        """The number of the line, from 1; 0 if none is known."""
        place = code_place(self.at)
        return place.line if place else 0

    @property
    def function(self) -> str:
        """The function that the line is in."""
        place = code_place(self.at)
        return place.function if place else ""

    @property
    def fingerprint(self) -> str:
        """A hash that stays the same when lines above it are added."""
        place = f"{self.file}\n{self.function or self.line}" if self.file else self.route
        return hashlib.sha256(f"{self.rule}\n{place}".encode(errors="replace")).hexdigest()


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, by rule and place, with the sum of their counts."""
    found: dict[tuple[str, str, str], Finding] = {}
    for each in findings:
        key = (each.rule, each.at, "" if each.at else each.route)
        known = found.get(key)
        found[key] = replace(known, count=known.count + each.count) if known else each
    return [found[key] for key in sorted(found)]
