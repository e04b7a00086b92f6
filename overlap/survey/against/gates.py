"""What a change must not be, for CI: `slower:10%,blocking,lost,serial`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from overlap.errors import OverlapError
from overlap.judge.summary import clean, duration
from overlap.survey.against.comparison import MORE, SLOWER

KINDS = ("slower", "blocking", "lost", "serial")
DEFAULT_SLOWER = 0.1
_GATE = re.compile(r"(slower)(?::(\d{1,4}(?:\.\d{1,3})?)%)?|(blocking|lost|serial)")


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must not happen."""

    kind: str
    least: float = 0.0
    """Of `slower`: by which share of the time before, at least."""


def gates(text: str) -> list[Gate]:
    """Return the gates of a text such as `slower:10%,blocking`. Raise OverlapError for others."""
    found = []
    for each in text.split(","):
        match = _GATE.fullmatch(each.strip())
        if match is None:
            raise OverlapError(f"{each.strip()!a} is none of slower:10%, blocking, lost, serial")
        limit = float(match[2]) / 100 if match[2] else DEFAULT_SLOWER
        found.append(Gate(match[1] or match[3], limit if match[1] else 0.0))
    return found


def failures(found: dict[str, Any], wanted: list[Gate]) -> list[str]:
    """Return a sentence for each gate that a comparison fails."""
    sentences: list[str] = []
    for gate in wanted:
        sentences += _CHECKS[gate.kind](found, gate)
    return sentences


def _slower(found: dict[str, Any], gate: Gate) -> Iterator[str]:
    for row in found["routes"]:
        for q in row["durations"]:
            if q["change"] == SLOWER and q["ratio"] >= 1 + gate.least:
                before, after = map(duration, q["ms"])
                yield (
                    f"slower: {clean(row['route'])} of {clean(row['service'])} takes "
                    f"{q['ratio'] - 1:.0%} longer ({q['quantile']} {before}, now {after})"
                )


def _blocking(found: dict[str, Any], _gate: Gate) -> Iterator[str]:
    for row in found["culprits"]:
        if row["change"] == MORE:
            before, after = row["blocks"]
            yield (
                f"blocking: {clean(row['culprit'])} blocked the event loop {after:,} times in "
                f"{clean(row['route'])}, {before:,} times before"
            )


def _lost(found: dict[str, Any], _gate: Gate) -> Iterator[str]:
    for row in found["lost"]:
        if row["change"] == MORE:
            before, after = row["tasks"]
            yield f"lost: {after:,} background tasks of {clean(row['route'])}, {before:,} before"


def _serial(found: dict[str, Any], _gate: Gate) -> Iterator[str]:
    for row in found["routes"]:
        for one in row["shapes"]:
            if one["shape"] == "serial" and one["change"] == MORE:
                before, after = one["shares"]
                yield f"serial: {after:.0%} of {clean(row['route'])}, {before:.0%} before"


_CHECKS = {"slower": _slower, "blocking": _blocking, "lost": _lost, "serial": _serial}
