"""Reading a file from a slow disk."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import DISK_NAP
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/files.py"

SCENARIOS = [
    Scenario(
        name="file",
        title="A slow file, read on the event loop",
        why="file.read() waits in the kernel, and with it the event loop: three neighbours stand "
        "still for a file that is none of theirs.",
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
        why="asyncio.to_thread lets a thread do the waiting: the loop is free, and the view reads "
        "on when the text is there. It is what aiofiles does, too.",
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
        why="The loop itself watches for the first byte, and no thread waits. That goes for pipes "
        "and sockets; for a file on a disk there is only the thread.",
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
