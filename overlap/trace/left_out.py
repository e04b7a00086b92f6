"""Count what a reader leaves out, so that each verdict says so in its `warnings`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from overlap.trace.json_fields import is_hex


class LeftOut:
    """What could not be read: single spans of a known trace, and whole parts of the input."""

    def __init__(self) -> None:
        self.first: str | None = None
        """The first complaint of all."""
        self._spans: Counter[str] = Counter()
        self._first_of: dict[str, str] = {}
        self._parts: list[str] = []
        self._count = 0
        self._odd_ids: Counter[str] = Counter()

    def span(self, trace_id: str, complaint: str) -> None:
        """Count a span of this trace; of an unknown trace where the id is empty."""
        if not trace_id:
            self.part(complaint)
            return
        self.first = self.first or complaint
        self._spans[trace_id] += 1
        self._first_of.setdefault(trace_id, complaint)

    def part(self, complaint: str) -> None:
        """Count a part of the input that may have held spans of any trace."""
        self.first = self.first or complaint
        self._count += 1
        if not self._parts:
            self._parts.append(complaint)

    def ids(self, trace_id: str, *found: str | None) -> None:
        """Count a span whose ids are not all hex: they are kept as keys."""
        if not all(is_hex(each) for each in found if each):
            self._odd_ids[trace_id] += 1

    def summary(self) -> str:
        """Return a sentence about all that was left out of the input; empty for nothing."""
        spans, found = sum(self._spans.values()), []
        if spans:
            found.append("1 span" if spans == 1 else f"{spans:,} spans")
        if self._count:
            found.append("1 part" if self._count == 1 else f"{self._count:,} parts")
        if not found:
            return ""
        was = "was" if spans + self._count == 1 else "were"
        return f"{' and '.join(found)} {was} left out, first because: {self.first}"

    def warnings(self, trace_id: str) -> tuple[str, ...]:
        """Return the sentences about this trace."""
        found = []
        if count := self._spans[trace_id]:
            found.append(_sentence(count, "span", "of this trace", [self._first_of[trace_id]]))
        if self._count:
            where = "of the input, perhaps with spans of this trace,"
            found.append(_sentence(self._count, "part", where, self._parts))
        if count := self._odd_ids[trace_id]:
            have = "1 span has" if count == 1 else f"{count} spans have"
            found.append(f"{have} an id that is not hex: used as it is")
        return tuple(found)


def _sentence(count: int, what: str, where: str, complaints: Sequence[str]) -> str:
    if count == 1:
        return f"1 {what} {where} was left out: {complaints[0]}"
    return f"{count} {what}s {where} were left out, the first because: {complaints[0]}"
