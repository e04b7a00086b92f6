"""Threads made, held and given back."""

import asyncio
import threading

from leansite import views
from leansite.client import get
from leansite.scenarios.common import entered, open_files, until


async def two_hundred_in_flight(app):
    before = set(threading.enumerate())
    requests = [asyncio.create_task(get(app, "/slow/")) for _ in range(200)]
    await entered(200)
    made = len(set(threading.enumerate()) - before)
    views.gate.set()
    answers = await asyncio.gather(*requests)
    return {"made": made, "statuses": sorted({answer.status for answer in answers})}


async def async_requests_in_turn(app):
    before = set(threading.enumerate())
    for path in ["/index/", "/stream/"] * 5:
        await get(app, path)
    await get(app, "/nowhere/")
    # A 404 is logged in the loop's own threads, as in stock.
    made = [t.name for t in threading.enumerate() if t not in before]
    return {"made": [name for name in made if not name.startswith("asyncio_")]}


async def sync_requests_in_turn(app):
    idents = [(await get(app, "/sync/")).json["ident"] for _ in range(10)]
    return {"threads": len(set(idents)), "on_loop": threading.get_ident() in idents}


async def sync_requests_at_once(app):
    views.everyone = threading.Barrier(50)
    answers = await asyncio.gather(*(get(app, "/together/") for _ in range(50)))
    return {"threads": len({answer.json["thread"] for answer in answers})}


async def idle_threads_go(app):
    """Played with a pool that keeps threads for a fifth of a second."""
    await get(app, "/create/")

    def kept():
        return [t for t in threading.enumerate() if t.name.startswith("lean-")]

    held = len(kept())
    await until(lambda: not kept())
    return {"held": held, "left": len(kept()), "open": open_files()}


async def error_pages(app):
    """Two pages of 404 in turn, and what a view finds after them."""
    pages = [await get(app, "/nowhere/") for _ in range(2)]
    left = open_files()
    after = (await get(app, "/look/")).json
    return {
        "statuses": [page.status for page in pages],
        "threads": sorted({page.json["thread"].partition("-")[0] for page in pages}),
        "same": pages[0].json["thread"] == pages[1].json["thread"] == after["thread"],
        "atomic": [*(page.json["atomic"] for page in pages), after["atomic"]],
        "open": left,
    }
