"""Scenarios: a file is read from a slow disk."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import DISK_NAP
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/files.py"

SCENARIOS = [
    Scenario(
        name="file",
        title="A slow file, read on the event loop",
        why="file.read() waits in the kernel and blocks the event loop meanwhile. Three "
        "neighbours wait for a file that they do not need.",
        requests=(Request("/file/"), *neighbours(DISK_NAP)),
        expect=Expectation(
            shapes=frozenset({"blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            culprit="in read",
            victims=("GET /", "GET /", "GET /"),
        ),
        pair="file_thread",
        source=SOURCE,
    ),
    Scenario(
        name="file_thread",
        title="A slow file, read in a thread",
        why="With asyncio.to_thread a thread waits and the loop stays free; the view continues "
        "once the text is there. aiofiles does the same.",
        requests=(Request("/file/thread/"), *neighbours(DISK_NAP)),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent", "serial"},
            offloaded=("read",),
            victims=(),
        ),
        pair="file_awaited",
        source=SOURCE,
    ),
    Scenario(
        name="file_awaited",
        title="A slow file, awaited",
        why="The loop itself watches for the first byte, and no thread waits. This works for "
        "pipes and sockets; a file on a disk needs a thread.",
        requests=(Request("/file/awaited/"), *neighbours(DISK_NAP)),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"background", "concurrent", "serial", "offloaded"},
            stages=(("read",),),
            victims=(),
        ),
        pair="file_thread",
        source=SOURCE,
    ),
]
