"""A scenario's view, broken on purpose: what replaces what, and what the verdict then lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.play import Result
    from overlap.scenario import Scenario


@dataclass(frozen=True)
class Mutation:
    """One change of one view's source. `old` must stand in it `times` times."""

    name: str
    scenario: str
    module: str
    old: str
    new: str
    problem: str
    """Stands in what the result then says was not as expected."""
    times: int = 1

    def broken(self, scenario: Scenario) -> Scenario:
        """The scenario, to be played on the broken view."""
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
        # What a broken view never makes is not worth waiting for.
        return replace(scenario, requests=requests, expect=expect, wait_for={})

    def check(self, result: Result) -> None:
        """Fail where the verdict has not noticed, or has for another reason."""
        assert not result.ok
        assert any(self.problem in problem for problem in result.problems), result.problems

    def _moved(self, parts: Any) -> Any:
        """The same, its requests named by the path that the broken view has."""
        if parts is None:
            return None
        return tuple(
            part.replace(" /", f" /{self.name}/") if isinstance(part, str) else part
            for part in parts
        )
