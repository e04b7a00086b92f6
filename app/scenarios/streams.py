"""Answers in parts."""

from app.scenarios.terms import CALM
from app.simulation import LEAVES, PARTS
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/streams.py"
LISTENERS = 3

SCENARIOS = [
    Scenario(
        name="stream",
        title="A stream, part by part",
        why="Each slice is sent when it is cut: the first is there after a fifth of the time. The "
        "request lasts, on no thread, until the last one.",
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
        why="Under ASGI Django runs a sync generator to its end, in a thread, before it sends any "
        "of it: the same slices, and the first comes with the last.",
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
        title="Server-sent events, until the listeners leave",
        why="Three listeners are told the news on one event loop, with no thread. When they leave, "
        "the slice under way is cut short, and the endless generator ends with it.",
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
