"""A middleware that knows no async, and one that does."""

from app.scenarios.terms import CALM
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/timing.py"

SCENARIOS = [
    Scenario(
        name="timed_sync",
        title="An async view behind a sync middleware",
        why="The middleware knows no async, so Django runs it in a thread, and the view back on "
        "the loop: two hops a request, and a thread that does nothing but wait for it.",
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
        why="The same middleware with an await in it: the request stays on the loop from end to "
        "end, and takes no thread.",
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
