"""The client goes away in the middle."""

from app.scenarios.terms import CALM
from app.simulation import LEAVES
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/leaving.py"

SCENARIOS = [
    Scenario(
        name="order",
        title="The client goes away, and the work with it",
        why="Django cancels an async view when its client has gone: roast is cut short, and no "
        "more is spent on it. Right for a question, wrong for a payment.",
        requests=(Request("/order/", leaves_after=LEAVES),),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"background", "offloaded"},
            cancelled=("roast",),
        ),
        pair="order_shielded",
        source=SOURCE,
    ),
    Scenario(
        name="order_shielded",
        title="The client goes away, and the work is finished",
        why="The same goodbye, but shield stands between the view and its task: only the waiting "
        "is cancelled. overlap.spawn holds the task, so that it is finished and its end known.",
        requests=(Request("/order/shielded/", leaves_after=LEAVES),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"offloaded"},
            background=("kept",),
            cancelled=(),
        ),
        pair="order",
        source=SOURCE,
        wait_for={"roast": 1},
    ),
]
