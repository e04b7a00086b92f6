"""Scenarios: a third-party API that is slow, refuses connections, or answers 503."""

import math

from app.scenarios.terms import CALM
from app.simulation import API_DELAY, API_STATUSES
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/third_party.py"
DELAY_MS = API_DELAY * 1000
TRIES = (("GET",), ("back off",), ("GET",), ("back off",), ("GET",))
NEVER = CALM | {"background", "offloaded", "concurrent"}

SCENARIOS = [
    Scenario(
        name="api_slow",
        title="A third party is slow, and the view waits",
        why="One GET takes up the whole request: the customer waits for a slow API. The loop is "
        "free meanwhile, but that does not help this customer.",
        requests=(Request("/api/slow/"),),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=NEVER | {"serial"},
            stages=(("GET",),),
            wall_ms=(0.98 * DELAY_MS, math.inf),
        ),
        pair="api_slow_limited",
        source=SOURCE,
    ),
    Scenario(
        name="api_slow_limited",
        title="A third party is slow, and the view has a time limit",
        why="The GET ends at the limit, with its error on the span, and the view goes on without "
        "the answer. The API no longer decides how long the customer waits.",
        requests=(Request("/api/slow/limited/"),),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=NEVER | {"serial"},
            stages=(("GET",),),
            wall_ms=(0, 0.9 * DELAY_MS),
        ),
        pair="api_slow",
        source=SOURCE,
    ),
    Scenario(
        name="api_refusing",
        title="A third party refuses the connection, three times",
        why="Three attempts run one after the other, each with its error, and the pauses between "
        "them grow. Then the view gives up and answers 502.",
        requests=(Request("/api/refusing/", status=502),),
        expect=Expectation(shapes=frozenset({"serial"}), never=NEVER, stages=TRIES),
        pair="api_unwell",
        source=SOURCE,
    ),
    Scenario(
        name="api_unwell",
        title="A third party answers 503, and the call is retried",
        why="The API answers 503 twice, and after two pauses the third attempt succeeds. The "
        "customer waits a little longer and never sees the errors.",
        requests=(Request("/api/unwell/", status=200),),
        expect=Expectation(shapes=frozenset({"serial"}), never=NEVER, stages=TRIES),
        pair="api_unwell_once",
        source=SOURCE,
    ),
    Scenario(
        name="api_unwell_once",
        title="A third party answers 503, and so does the view",
        why="The view makes one attempt and passes the API's 503 on to the customer. It is the "
        "quickest answer of the three, and the only useless one.",
        requests=(Request("/api/unwell/once/", status=API_STATUSES[0]),),
        expect=Expectation(
            shapes=frozenset({"single"}), never=NEVER | {"serial"}, stages=(("GET",),)
        ),
        pair="api_unwell",
        source=SOURCE,
    ),
]
