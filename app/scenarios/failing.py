"""Several calls at once, of which one fails or takes too long."""

from app.scenarios.terms import CALM
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/failing.py"
RUNS_ON = Expectation(
    shapes=frozenset({"concurrent", "background"}),
    never=CALM | {"offloaded"},
    stages=(("get_smokables", "get_wood"),),
    background=("get_smokables",),
    cancelled=(),
)

SCENARIOS = [
    Scenario(
        name="fails_gather",
        title="One of two fails, under gather",
        why="gather hands on the first failure and leaves the rest alone: the answer is out, and "
        "get_smokables goes on for an answer that nobody will read.",
        requests=(Request("/fails/gather/"),),
        expect=RUNS_ON,
        pair="fails_task_group",
        source=SOURCE,
        wait_for={"get_smokables": 1},
    ),
    Scenario(
        name="fails_task_group",
        title="One of two fails, in a TaskGroup",
        why="A TaskGroup cancels the others and waits until they are gone: get_smokables ends with "
        "get_wood, and no work is left over when the answer goes out.",
        requests=(Request("/fails/task_group/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"offloaded", "background"},
            stages=(("get_smokables", "get_wood"),),
            cancelled=("get_smokables",),
        ),
        pair="fails_gather",
        source=SOURCE,
    ),
    Scenario(
        name="fails_as_completed",
        title="One of two fails, by as_completed",
        why="as_completed gives each result when it is there, and the failure when it is its turn. "
        "Whoever leaves the loop then leaves the rest running, as under gather.",
        requests=(Request("/fails/as_completed/"),),
        expect=RUNS_ON,
        pair="fails_task_group",
        source=SOURCE,
        wait_for={"get_smokables": 1},
    ),
    Scenario(
        name="fails_timeout",
        title="Both take too long, and a timeout says so",
        why="asyncio.timeout cancels what it stands around: both calls are cut short, and the "
        "answer goes out at the limit and not when the slower one is done.",
        requests=(Request("/fails/timeout/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"offloaded", "background"},
            stages=(("get_flavor", "get_smokables"),),
            cancelled=("get_flavor", "get_smokables"),
        ),
        pair="smoke_some_meats",
        source=SOURCE,
    ),
]
