"""Scenarios: the tutorial's views under other servers, WSGI and three workers."""

from app.scenarios.terms import CALM, neighbours
from app.scenarios.tutorial import ABOUT_HALF_MORE, TUTORIAL
from app.simulation import BURN
from overlap.scenario import Expectation, Request, Scenario

SCENARIOS = [
    Scenario(
        name="wsgi_async",
        title="A task that goes on after the response, under WSGI",
        why="Under WSGI an async view has a loop of its own, which ends with the view: the task "
        "is cut short at its first await. The response is the same, but the work is never done.",
        requests=(Request("/async/"),),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent"},
            cancelled=("http_call_async", "tick"),
        ),
        pair="async",
        source=TUTORIAL,
        server="wsgi",
    ),
    Scenario(
        name="wsgi_smoke_some_meats",
        title="Two awaits at once, under WSGI",
        why="gather also overlaps inside one request under WSGI, because the loop lasts as long "
        "as the view. But each request has its own thread and its own loop.",
        requests=(Request("/smoke_some_meats/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent", "offloaded"}),
            never=CALM | {"background", "serial"},
            stages=(("get_flavor", "get_smokables"), ("smoke",)),
            overlap_factor=ABOUT_HALF_MORE,
        ),
        pair="smoke_some_meats",
        source=TUTORIAL,
        server="wsgi",
    ),
    Scenario(
        name="workers_burn_some_meats",
        title="A blocking sleep in one of three workers",
        why="The sleep blocks the loop of its own worker only: the other two answer three "
        "neighbours at once. Each further request that blocks takes one more worker.",
        requests=(Request("/burn_some_meats/"), *neighbours(BURN)),
        expect=Expectation(
            shapes=frozenset({"blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            culprit="in oversmoke",
            victims=(),
        ),
        pair="burn_some_meats",
        source=TUTORIAL,
        server="workers",
    ),
]
