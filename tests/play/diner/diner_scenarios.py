"""Scenarios of the tests' own app, for `overlap play` in a process of its own."""

from overlap.scenario import Expectation, Request, Scenario

SCENARIOS = [
    Scenario(
        name="gather",
        title="Two steps at once",
        why="Neither needs the other.",
        requests=(Request("/gather/"), Request("/", at=0.05, neighbour=True)),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=frozenset({"serial"}),
            stages=(("boil", "chop"),),
            overlap_factor=(1.2, 2.0),
        ),
        pair="serial",
    ),
    Scenario(
        name="serial",
        title="One step after the other",
        why="Each is awaited on its own.",
        requests=(Request("/serial/"),),
        expect=Expectation(shapes=frozenset({"serial"})),
        pair="gather",
    ),
    Scenario(
        name="disappointing",
        title="Not what it says",
        why="The steps stand in a row; this scenario expects otherwise.",
        requests=(Request("/serial/"),),
        expect=Expectation(shapes=frozenset({"concurrent"})),
    ),
    Scenario(
        name="slow",
        title="A minute's wait",
        why="Long enough to be interrupted.",
        requests=(Request("/slow/"),),
        expect=Expectation(),
    ),
]
