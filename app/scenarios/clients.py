"""Scenarios: one HTTP client for the process, or one for each call."""

import math

from app.scenarios.terms import CALM
from app.simulation import ERRANDS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/clients.py"
NEVER = frozenset({"lost", "background", "offloaded", "concurrent"})

SCENARIOS = [
    Scenario(
        name="clients_each",
        title="A new client for each call, beside one client for all",
        why="A client is made before each GET. Its TLS set-up takes longer than the call and runs "
        "on the event loop, and its connection is used only once.",
        # The second is sent long after the first was answered, so neither delays the other.
        requests=(Request("/clients/each/"), Request("/clients/", at=ERRANDS * 0.25)),
        expect=Expectation(
            shapes=frozenset({"serial"}),
            never=NEVER,
            stages=(("new client",), ("GET",)) * ERRANDS,
            times=("GET /clients/each/", "GET /clients/", 1.5, math.inf),
        ),
        pair="clients",
        source=SOURCE,
    ),
    Scenario(
        name="clients",
        title="One client for all calls, and for the whole process",
        why="The same calls with a client that was made when the process started. It reuses its "
        "connections, so each call takes only the time of the call.",
        requests=(Request("/clients/"),),
        expect=Expectation(
            shapes=frozenset({"serial"}), never=NEVER | CALM, stages=(("GET",),) * ERRANDS
        ),
        pair="clients_each",
        source=SOURCE,
    ),
]
