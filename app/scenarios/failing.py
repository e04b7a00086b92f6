"""Scenarios: several calls at once, and one of them fails or takes too long."""

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
        why="gather raises the first failure and does not cancel the rest. The response is sent, "
        "and get_smokables still runs, for a result that nobody reads.",
        requests=(Request("/fails/gather/"),),
        expect=RUNS_ON,
        pair="fails_task_group",
        source=SOURCE,
        wait_for={"get_smokables": 1},
    ),
    Scenario(
        name="fails_task_group",
        title="One of two fails, in a TaskGroup",
        why="A TaskGroup cancels the other tasks and waits until they end. get_smokables ends "
        "with get_wood, and no work is left when the response is sent.",
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
        why="as_completed yields each result as soon as it is ready, and raises a failure in its "
        "turn. Leaving the loop at that point leaves the other tasks running, as gather does.",
        requests=(Request("/fails/as_completed/"),),
        expect=RUNS_ON,
        pair="fails_task_group",
        source=SOURCE,
        wait_for={"get_smokables": 1},
    ),
    Scenario(
        name="fails_timeout",
        title="Both take too long, and a timeout cancels them",
        why="asyncio.timeout cancels the code inside it. Both calls are cut short, and the "
        "response is sent at the limit, not when the slower call is done.",
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
