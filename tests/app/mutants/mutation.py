"""A lesson's view, broken on purpose: what replaces what, and what the verdict then lacks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One change of one view's source. `old` must stand in it `times` times."""

    name: str
    lesson: str
    module: str
    old: str
    new: str
    problem: str
    """Stands in what the result then says was not as expected."""
    times: int = 1
