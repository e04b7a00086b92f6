"""The file of acknowledged findings: TOML, each with a reason and the day until which it holds.

```toml
[[acknowledged]]
rule = "blocking"               # or a pattern; `*` for any
at = "shop/reports.py"          # a file, file:line, `file in function`, a route, or a pattern
reason = "the report is rendered at night only"
expires = 2027-03-31
```
"""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from overlap.ci.finding import Finding
from overlap.errors import OverlapError

TABLE: Final = "acknowledged"
_KEYS: Final = ("rule", "at", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """One entry of the file."""

    rule: str
    at: str
    reason: str
    expires: datetime.date
    """The last day on which it holds."""

    def covers(self, finding: Finding) -> bool:
        """Return whether the finding is the one that is acknowledged, whatever the day."""
        if not fnmatchcase(finding.rule, self.rule):
            return False
        return any(fnmatchcase(place, self.at) for place in _places(finding))

    def is_expired(self, today: datetime.date) -> bool:
        """Return whether its last day is over."""
        return today > self.expires

    def __str__(self) -> str:
        return f"{self.rule} at {self.at} (until {self.expires}: {self.reason})"


def read(path: Path) -> list[Acknowledgment]:
    """Return the entries of a file. Raise OverlapError if it can't be read or one is incomplete."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OverlapError(f"{path} can't be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OverlapError(f"{path} is not TOML: {error}") from None
    entries = document.pop(TABLE, [])
    if document or not isinstance(entries, list):
        raise OverlapError(f"{path} has other things than [[{TABLE}]] tables")
    return [_entry(each, f"{path}: [[{TABLE}]] number {n}") for n, each in enumerate(entries, 1)]


def _entry(given: Any, name: str) -> Acknowledgment:
    if not isinstance(given, dict):
        raise OverlapError(f"{name} is not a table")
    if unknown := sorted(given.keys() - set(_KEYS)):
        raise OverlapError(f"{name} has the unknown key {unknown[0]!a}")
    for key in ("rule", "at", "reason"):
        if not isinstance(given.get(key), str) or not given[key].strip():
            raise OverlapError(f"{name} needs {key}, a text")
    expires = given.get("expires")
    if isinstance(expires, datetime.datetime) or not isinstance(expires, datetime.date):
        raise OverlapError(f"{name} needs expires, a date such as 2027-03-31")
    return Acknowledgment(given["rule"], given["at"], given["reason"].strip(), expires)


def _places(finding: Finding) -> list[str]:
    places = [finding.at, finding.route, finding.test]
    if finding.file:
        places += [
            finding.file, f"{finding.file}:{finding.line}", f"{finding.file} in {finding.function}"
        ]  # fmt: skip
    return [place for place in places if place]
