"""Scenarios: sync_to_async with one thread for all calls, or one for each."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import CHOP, CHOPS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/threads.py"

SCENARIOS = [
    Scenario(
        name="thread_sensitive",
        title="Three calls gathered, on one thread",
        why="thread_sensitive=True, the default, runs all sync code of a request on one thread, "
        "because a database connection needs that. On one thread, gather can't make three calls "
        "overlap.",
        requests=(Request("/threads/sensitive/"), *neighbours(CHOPS * CHOP)),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=(("chop",),) * CHOPS,
            offloaded=("chop",),
            victims=(),
        ),
        pair="thread_insensitive",
        source=SOURCE,
    ),
    Scenario(
        name="thread_insensitive",
        title="Three calls gathered, on three threads",
        why="thread_sensitive=False uses one of the loop's pool threads for each call: three at "
        "once, in the time of one. This is right for calls that share nothing, and wrong for "
        "Django's ORM.",
        requests=(Request("/threads/insensitive/"), *neighbours(CHOP)),
        expect=Expectation(
            shapes=frozenset({"concurrent", "offloaded"}),
            never=CALM | {"background", "serial"},
            stages=(("chop",) * CHOPS,),
            peak=CHOPS,
            offloaded=("chop",),
            victims=(),
        ),
        pair="thread_sensitive",
        source=SOURCE,
    ),
]
