"""Scenarios for the tutorial's second question: a sync and an async call in one async view."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import BASTE
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/mixing.py"
STAGES = (("baste",), ("get_flavor",))

SCENARIOS = [
    Scenario(
        name="mixed",
        title="A synchronous and an asynchronous call in one async view",
        why="The two calls run one after the other, as in the sync view beside it: nothing is "
        "gained. While baste sleeps on the event loop, three neighbours wait.",
        requests=(Request("/mixed/"), *neighbours(BASTE)),
        expect=Expectation(
            shapes=frozenset({"serial", "blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            stages=STAGES,
            culprit="in baste",
            victims=("GET /", "GET /", "GET /"),
        ),
        pair="mixed_sync",
        source=SOURCE,
    ),
    Scenario(
        name="mixed_sync",
        title="The same two calls in a sync view",
        why="This view takes as long as the async one. But Django runs it in a thread, so no "
        "neighbour is delayed.",
        requests=(Request("/mixed/sync/"), *neighbours(BASTE)),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=STAGES,
            victims=(),
        ),
        pair="mixed",
        source=SOURCE,
    ),
]
