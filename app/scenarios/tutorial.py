"""Scenarios for the tutorial's own views, and for the pair of each, which works differently."""

from app.scenarios.terms import CALL, CALM, neighbours
from app.simulation import BURN, FLAVOR_NAP, SMOKABLES_NAP, TICK, TICKS
from overlap.scenario import Expectation, Request, Scenario

TUTORIAL = "app/views/tutorial.py"
PAIRS = "app/views/pairs.py"
COUNTED_MS = TICKS * TICK * 1000
# The overlap factor of get_flavor and get_smokables: a call takes between 0 and CALL seconds.
ABOUT_HALF_MORE = (
    round(1 + FLAVOR_NAP / (SMOKABLES_NAP + CALL), 2),
    round(min(2.0, 1 + (FLAVOR_NAP + CALL) / SMOKABLES_NAP), 2),
)

SCENARIOS = [
    Scenario(
        name="index",
        title="An async view that awaits nothing",
        why="The view only returns a response, so nothing can overlap. `async` alone changes "
        "nothing.",
        requests=(Request("/"),),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"concurrent", "serial", "background", "offloaded"},
        ),
        source=TUTORIAL,
    ),
    Scenario(
        name="async",
        title="A task that goes on after the response",
        why="The view starts http_call_async and does not wait for it: the response is sent at "
        "once, and the counting follows. overlap.spawn keeps a reference to the task and records "
        "how it ends.",
        requests=(Request("/async/"),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"offloaded", "concurrent"},
            background=("http_call_async",),
            outlived_ms=0.98 * COUNTED_MS,
        ),
        pair="sync",
        source=TUTORIAL,
        wait_for={"tick": TICKS},
    ),
    Scenario(
        name="async_unreferenced",
        title="The same task as the tutorial starts it, with no reference kept",
        why="create_task alone keeps no reference and records no end. The spans are below a "
        "request that is over, and nothing shows whether the work was finished.",
        requests=(Request("/async/unreferenced/"),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"offloaded", "concurrent"},
            background=("tick", "GET"),
            outlived_ms=0.98 * COUNTED_MS,
        ),
        pair="async",
        source=PAIRS,
        wait_for={"tick": TICKS, "GET": 1},
    ),
    Scenario(
        name="sync",
        title="The same work in a sync view",
        why="Each step runs after the one before, and all of them before the response. Django "
        "runs the view in a thread, so it does not delay its neighbours.",
        requests=(Request("/sync/"), *neighbours(TICKS * TICK)),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=(*(("tick",),) * TICKS, ("GET",)),
            victims=(),
            offloaded=("tick", "GET"),
        ),
        pair="async",
        source=TUTORIAL,
    ),
    Scenario(
        name="smoke_some_meats",
        title="Two awaits at once, by gather",
        why="get_flavor and get_smokables do not depend on each other, so gather runs them at "
        "once: two seconds, not three. smoke needs the results of both, so it runs after them.",
        requests=(Request("/smoke_some_meats/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"background", "offloaded", "serial"},
            stages=(("get_flavor", "get_smokables"), ("smoke",)),
            overlap_factor=ABOUT_HALF_MORE,
        ),
        pair="smoke_some_meats_sync",
        source=TUTORIAL,
    ),
    Scenario(
        name="smoke_some_meats_sync",
        title="The same smoking in a plain sync view",
        why="The same three steps, but each waits for the one before: the times add up to three "
        "seconds.",
        requests=(Request("/smoke_some_meats/sync/"), *neighbours(SMOKABLES_NAP + FLAVOR_NAP)),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=(("get_smokables",), ("get_flavor",), ("smoke",)),
            overlap_factor=(1.0, 1.0),
            victims=(),
        ),
        pair="smoke_some_meats",
        source=PAIRS,
    ),
    Scenario(
        name="smoke_some_meats_new_clients",
        title="The same gather, with an HTTP client made for each call",
        why="The calls are still concurrent, but `new client` comes before each GET. Making a "
        "client builds a TLS context on the event loop, and every other request waits.",
        requests=(Request("/smoke_some_meats/new_clients/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=frozenset({"lost", "background", "offloaded"}),
            stages=(("new client",), ("GET",)),
        ),
        pair="smoke_some_meats",
        source=PAIRS,
    ),
    Scenario(
        name="burn_some_meats",
        title="A blocking sleep in an async view",
        why="oversmoke sleeps on the event loop itself, and nothing else can run until it is "
        "done. The three neighbours each need only a moment, but they wait for all of it.",
        requests=(Request("/burn_some_meats/"), *neighbours(BURN)),
        expect=Expectation(
            shapes=frozenset({"blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            culprit="in oversmoke",
            victims=("GET /", "GET /", "GET /"),
        ),
        pair="burn_some_meats_await",
        source=TUTORIAL,
    ),
    Scenario(
        name="burn_some_meats_await",
        title="The same wait, awaited",
        why="`await asyncio.sleep` frees the loop while it waits. The request takes as long as "
        "before, and no neighbour is delayed.",
        requests=(Request("/burn_some_meats/await/"), *neighbours(BURN)),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"background", "offloaded", "concurrent", "serial"},
            victims=(),
        ),
        pair="burn_some_meats",
        source=PAIRS,
    ),
    Scenario(
        name="sync_to_async",
        title="A blocking call, moved to a thread and not waited for",
        why="sync_to_async(thread_sensitive=False) runs http_call_sync in a thread of its own. "
        "The response is sent at once, and the loop stays free.",
        requests=(Request("/sync_to_async/"), *neighbours(TICKS * TICK)),
        expect=Expectation(
            shapes=frozenset({"background", "offloaded"}),
            never=CALM | {"concurrent"},
            background=("http_call_sync",),
            outlived_ms=0.98 * COUNTED_MS,
            offloaded=("tick", "GET"),
            victims=(),
        ),
        pair="async",
        source=TUTORIAL,
        wait_for={"tick": TICKS},
    ),
]
