"""Scenarios: a sync middleware and an async one."""

from app.scenarios.terms import CALM
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/timing.py"

SCENARIOS = [
    Scenario(
        name="timed_sync",
        title="An async view behind a sync middleware",
        why="The middleware is sync, so Django runs it in a thread, and the view back on the "
        "loop. Each request makes two hops and uses a thread that only waits.",
        requests=(Request("/timed/sync/"),),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent", "serial"},
            offloaded=("timing", "call"),
        ),
        pair="timed_async",
        source=SOURCE,
    ),
    Scenario(
        name="timed_async",
        title="An async view behind an async middleware",
        why="The same middleware awaits the view: the request stays on the loop from start to "
        "end, and uses no thread.",
        requests=(Request("/timed/async/"),),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"background", "concurrent", "serial", "offloaded"},
            stages=(("timing",),),
        ),
        pair="timed_sync",
        source=SOURCE,
    ),
]
