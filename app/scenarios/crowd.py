"""Ten calls at once, and five at a time."""

from app.scenarios.terms import CALM
from app.simulation import AT_ONCE, CALLS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/crowd.py"

SCENARIOS = [
    Scenario(
        name="calls",
        title="Ten calls, all of them at once",
        why="gather starts all it is given: ten calls are under way together, in the time of one. "
        "With a thousand, whoever is called would have something to say about it.",
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
        why="A semaphore of five lets no sixth call begin before one of the five is done: never "
        "more than five at once, in the time of two.",
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
