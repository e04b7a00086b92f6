"""Scenarios: ten calls at once, and five at a time."""

from app.scenarios.terms import CALM
from app.simulation import AT_ONCE, CALLS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/crowd.py"

SCENARIOS = [
    Scenario(
        name="calls",
        title="Ten calls, all at once",
        why="gather starts everything it is given: ten calls run together, in the time of one. "
        "With a thousand calls, the API would need protection.",
        requests=(Request("/calls/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"background", "offloaded"},
            stages=(("call",) * CALLS,),
            peak=CALLS,
        ),
        pair="calls_five_at_a_time",
        source=SOURCE,
    ),
    Scenario(
        name="calls_five_at_a_time",
        title="Ten calls, five at a time",
        why="With a semaphore of five, a sixth call can't start before one of the five ends. "
        "Never more than five run at once, and all ten take the time of two.",
        requests=(Request("/calls/five_at_a_time/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"background", "offloaded"},
            peak=AT_ONCE,
        ),
        pair="calls",
        source=SOURCE,
    ),
]
