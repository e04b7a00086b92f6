"""What playing a lesson tells: while it runs, and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from overlap.judge import Verdict
from overlap.judge.summary import sentence
from overlap.scenario import Expectation, Scenario
from overlap.trace import Trace


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a lesson is: told at each change, and at each look at the backend."""

    scenario: Scenario
    trace_id: str
    in_flight: int = 0
    answered: int = 0
    spans: int = 0
    waiting_for: str = ""
    """The first thing the trace still lacks, in words."""


@dataclass(frozen=True, slots=True)
class Result:
    """One lesson, played and judged."""

    scenario: Scenario
    trace_id: str
    url: str
    """Where the trace can be looked at."""
    verdict: Verdict
    trace: Trace
    problems: list[str] = field(default_factory=list)
    """What was not as the lesson expects, a sentence each."""

    @property
    def ok(self) -> bool:
        """Whether the lesson showed everything it expects."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """The public JSON contract: plain lists, strings and numbers."""
        return {
            "name": self.scenario.name,
            "ok": self.ok,
            "expected": expected(self.scenario.expect),
            "trace_id": self.trace_id,
            "url": self.url,
            "verdict": self.verdict.as_dict(),
            "sentence": sentence(self.verdict),
            "problems": self.problems,
        }


def expected(expect: Expectation) -> dict[str, Any]:
    """The expectation as plain data, with only what it asks for."""
    found = ((item.name, getattr(expect, item.name)) for item in fields(expect))
    return {
        name: _plain(value)
        for name, value in found
        if value or (name in {"victims", "cancelled", "lost", "handed"} and value == ())
    }


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
