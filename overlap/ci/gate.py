"""Apply acknowledgments to findings: what is new, known, and out of date."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from overlap.ci.acknowledgments import Acknowledgment
from overlap.ci.finding import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """Findings beside acknowledgments."""

    new: list[Finding] = field(default_factory=list)
    """Not acknowledged, or not any more."""
    known: list[tuple[Finding, Acknowledgment]] = field(default_factory=list)
    unused: list[Acknowledgment] = field(default_factory=list)
    """Nothing was found that they acknowledge."""
    expired: list[Acknowledgment] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether CI should fail: a finding is new, or an acknowledgment has expired."""
        return bool(self.new or self.expired)

    def sentences(self) -> Iterator[str]:
        """Yield what a person should read, a line each."""
        for finding in self.new:
            where = finding.at or finding.route
            yield f"new: {finding.rule} at {where}: {finding.text}"
        for each in self.expired:
            yield f"expired: {each}"
        for each in self.unused:
            yield f"unused: {each}"


def check(
    findings: Iterable[Finding],
    acknowledgments: Sequence[Acknowledgment],
    today: datetime.date | None = None,
) -> Checked:
    """Return the findings beside the acknowledgments, on a day (default: today, in UTC)."""
    today = today or datetime.datetime.now(datetime.UTC).date()
    result = Checked(expired=[each for each in acknowledgments if each.is_expired(today)])
    used: set[int] = set()
    for finding in findings:
        covering = [n for n, each in enumerate(acknowledgments) if each.covers(finding)]
        used.update(covering)
        valid = [n for n in covering if not acknowledgments[n].is_expired(today)]
        if valid:
            result.known.append((finding, acknowledgments[valid[0]]))
        else:
            result.new.append(finding)
    result.unused.extend(
        each
        for n, each in enumerate(acknowledgments)
        if n not in used and not each.is_expired(today)
    )
    return result
