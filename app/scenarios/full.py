"""Scenarios: the same load on one worker, whose loop it fills, and on three."""

import math
import random

from app.scenarios.terms import CALM
from app.simulation import CUSTOMERS, CUSTOMERS_A_SECOND
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/full.py"
NEVER = CALM | {"background", "offloaded", "concurrent", "serial"}
ALONE = 0.5
"""Seconds before the load: one request is served alone, and the others are compared to it."""
SEED = 76
"""The customers come at random moments, and at the same ones each time."""


def _customers() -> tuple[Request, ...]:
    moments = random.Random(SEED)
    at, requests = ALONE, [Request("/slice/alone/")]
    for _ in range(CUSTOMERS):
        at += moments.expovariate(CUSTOMERS_A_SECOND)
        requests.append(Request("/slice/", at=at))
    return tuple(requests)


SCENARIOS = [
    Scenario(
        name="full_loop",
        title="Twenty customers, and one loop that is full",
        why="No request blocks the loop for long, but together they fill it. Each waits for all "
        "others that are there, so most take several times as long as one that is alone.",
        requests=_customers(),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=NEVER,
            times=("GET /slice/", "GET /slice/alone/", 2.0, math.inf),
        ),
        pair="full_loop_workers",
        source=SOURCE,
    ),
    Scenario(
        name="full_loop_workers",
        title="The same twenty customers, and three workers",
        why="Each loop is a third full. Most customers find one that is free, and take as long as "
        "one that is alone.",
        requests=_customers(),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=NEVER,
            times=("GET /slice/", "GET /slice/alone/", 0.0, 1.6),
        ),
        pair="full_loop",
        source=SOURCE,
        server="workers",
    ),
]
