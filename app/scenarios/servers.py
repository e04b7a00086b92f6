"""The tutorial's views under other servers: WSGI, and three workers."""

from app.scenarios.terms import CALM, neighbours
from app.scenarios.tutorial import ABOUT_HALF_MORE, TUTORIAL
from app.simulation import BURN
from overlap.scenario import Expectation, Request, Scenario

SCENARIOS = [
    Scenario(
        name="wsgi_async",
        title="A task that goes on after the response, under WSGI",
        why="Under WSGI an async view has a loop of its own, which ends with the view: the task is "
        "cut short at its first await. The response is the same, and the work is never done.",
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
        why="Inside one request gather overlaps there, too: the loop lasts as long as the view. "
        "But each request has a thread and a loop made for it, and no two share one.",
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
        why="The sleep stalls the loop of its own worker and no other: three neighbours are "
        "answered at once, by the two that are left. Each burning request more takes one of these.",
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
