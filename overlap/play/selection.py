"""Choose scenarios by name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from overlap.errors import OverlapError
from overlap.scenario import Scenario


def select(scenarios: Sequence[Scenario], names: Sequence[str]) -> list[Scenario]:
    """Return the scenarios with these names, in that order; without names, all of them.

    Raises OverlapError for an unknown name.
    """
    by_name = {scenario.name: scenario for scenario in scenarios}
    for name in names:
        if name not in by_name:
            near = get_close_matches(name, by_name, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "see `overlap play --list`"
            raise OverlapError(f"there is no scenario {name[:100]!r}: {hint}")
    return [by_name[name] for name in dict.fromkeys(names or by_name)]
