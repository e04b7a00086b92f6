"""Scenarios: the client disconnects before the response."""

from app.scenarios.terms import CALM
from app.simulation import LEAVES
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/leaving.py"

SCENARIOS = [
    Scenario(
        name="order",
        title="The client disconnects, and the work is cancelled",
        why="Django cancels an async view when its client disconnects: roast is cut short, and no "
        "more time is spent on it. This is right for a search, and wrong for a payment.",
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
        title="The client disconnects, and the work is finished",
        why="The client disconnects in the same way, but asyncio.shield protects the task: only "
        "the waiting is cancelled. overlap.spawn keeps a reference, so the task is finished and "
        "its end is recorded.",
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
