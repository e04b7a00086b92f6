"""A mutation: a change that breaks a scenario's view, and the problem that must be reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.play import Result
    from overlap.scenario import Scenario


@dataclass(frozen=True)
class Mutation:
    """One change to a view's source, where `old` must occur `times` times."""

    name: str
    scenario: str
    module: str
    old: str
    new: str
    problem: str
    """A text that must occur in one of the result's problems."""
    times: int = 1

    def broken(self, scenario: Scenario) -> Scenario:
        """Return the scenario, with its requests sent to the broken view."""
        requests = tuple(
            request
            if request.neighbour or request.ends_app
            else replace(request, path=f"/{self.name}{request.path}")
            for request in scenario.requests
        )
        expect = replace(
            scenario.expect,
            times=self._moved(scenario.expect.times),
            first_part=self._moved(scenario.expect.first_part),
        )
        # A broken view may never make these spans, so don't wait for them.
        return replace(scenario, requests=requests, expect=expect, wait_for={})

    def check(self, result: Result) -> None:
        """Fail if the result is ok, or reports only other problems."""
        assert not result.ok
        assert any(self.problem in problem for problem in result.problems), result.problems

    def _moved(self, parts: Any) -> Any:
        """Return the same, with the paths of the broken view in the requests' names."""
        if parts is None:
            return None
        return tuple(
            part.replace(" /", f" /{self.name}/") if isinstance(part, str) else part
            for part in parts
        )
