"""What the scenarios share: waiting, counting, listening."""

import asyncio
import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db.backends.signals import connection_created

from leansite import views
from leansite.client import get

DEADLINE_S = 30.0


async def until(check):
    deadline = time.monotonic() + DEADLINE_S
    while not (value := check()):
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)
    return value


async def entered(number):
    """Wait until that many views have come to where they wait."""
    for _ in range(number):
        await until(lambda: views.inside.acquire(blocking=False))


def open_files():
    """How often this process has the SQLite file open."""
    name = os.environ.get("LEAN_SQLITE")
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(link.readlink()))
    return links.count(name)


@contextmanager
def counting_connections():
    made = []

    def note(**_signal):
        made.append(1)

    connection_created.connect(note)
    yield made
    connection_created.disconnect(note)


@contextmanager
def listening(signal, receiver):
    signal.connect(receiver, weak=False)
    yield
    signal.disconnect(receiver)


async def meats_seen(app):
    return (await get(app, "/look/")).json["meats"]


async def disconnect_while_held(app, path):
    """The client goes while the thread works; others come meanwhile, and afterwards."""
    gone = asyncio.Event()
    await get(app, "/look/")
    request = asyncio.create_task(get(app, path, gone=gone))
    await entered(1)
    busy = {t.ident for t in threading.enumerate()}
    gone.set()
    meanwhile = (await get(app, "/sync/")).json["ident"]
    ended_early = request.done()
    views.gate.set()
    await request
    after = [(await get(app, "/look/")).json for _ in range(3)]
    return {
        "apart": meanwhile not in busy or len(busy) > 1,
        "ended_early": ended_early,
        "happened": list(views.happened),
        "meats": [answer["meats"] for answer in after],
        "atomic": [answer["atomic"] for answer in after],
    }
