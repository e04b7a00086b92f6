"""Scenarios: streaming responses and server-sent events."""

from app.scenarios.terms import CALM
from app.simulation import LEAVES, PARTS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/streams.py"
LISTENERS = 3

SCENARIOS = [
    Scenario(
        name="stream",
        title="A stream, part by part",
        why="Each slice is sent as soon as it is cut, so the first arrives after a fifth of the "
        "time. The request lasts until the last slice, and uses no thread.",
        requests=(Request("/stream/"),),
        expect=Expectation(
            shapes=frozenset({"serial"}),
            never=CALM | {"background", "offloaded", "concurrent"},
            stages=(("slice",),) * PARTS,
            first_part=("GET /stream/", 0.0, 0.6),
        ),
        pair="stream_sync",
        source=SOURCE,
    ),
    Scenario(
        name="stream_sync",
        title="The same stream, from a sync generator",
        why="Under ASGI, Django runs a sync generator to its end, in a thread, before it sends "
        "anything. The slices are the same, but the first arrives with the last.",
        requests=(Request("/stream/sync/"),),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=(("slice",),) * PARTS,
            offloaded=("slice",),
            first_part=("GET /stream/sync/", 0.9, 1.0),
        ),
        pair="stream",
        source=SOURCE,
    ),
    Scenario(
        name="events",
        title="Server-sent events, until the clients disconnect",
        why="Three clients receive the news from one event loop, without a thread. When they "
        "disconnect, the current slice is cut short, and the endless generator ends with it.",
        requests=(Request("/events/", leaves_after=LEAVES),) * LISTENERS,
        expect=Expectation(
            shapes=frozenset({"serial"}),
            never=CALM | {"background", "offloaded", "concurrent"},
            cancelled=("slice",) * LISTENERS,
        ),
        pair="stream",
        source=SOURCE,
    ),
]
