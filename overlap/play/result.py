"""The progress of a play, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from overlap.judge import Verdict
from overlap.judge.summary import sentence
from overlap.scenario import Expectation, Scenario
from overlap.trace import Trace


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a scenario, reported at each change and at each poll of the backend."""

    scenario: Scenario
    trace_id: str
    in_flight: int = 0
    answered: int = 0
    spans: int = 0
    waiting_for: str = ""
    """What is still missing from the trace, in words."""


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario, played and judged."""

    scenario: Scenario
    trace_id: str
    url: str
    """The page of the trace."""
    verdict: Verdict
    trace: Trace
    problems: list[str] = field(default_factory=list)
    """Where the trace differs from what the scenario expects, a sentence each."""

    @property
    def ok(self) -> bool:
        """Whether the scenario showed everything it expects."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the public JSON contract: plain lists, strings and numbers."""
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
    """Return the expectation as plain data, without empty fields."""
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
