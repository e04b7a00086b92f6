"""Cancelled requests, and background work that outlives its request."""

import asyncio
import gc
import threading
import time

from asgiref.sync import SyncToAsync
from django.core.signals import request_finished

from leansite import views
from leansite.client import get
from leansite.scenarios.common import (
    disconnect_while_held,
    entered,
    listening,
    meats_seen,
    open_files,
)
from leansite.scenarios.postgresql import sessions


async def disconnect_in_async_view(app):
    gone, finished = asyncio.Event(), []
    before = set(threading.enumerate())
    request = asyncio.create_task(get(app, "/slow/", gone=gone))
    await entered(1)
    made = len(set(threading.enumerate()) - before)

    def receiver(**_signal):
        finished.append(threading.current_thread() is threading.main_thread())

    with listening(request_finished, receiver):
        gone.set()
        answer = await request
    return {"status": answer.status, "finished": finished, "made": made}


async def disconnect_in_async_view_unheard(app):
    gone = asyncio.Event()
    before = set(threading.enumerate())
    request = asyncio.create_task(get(app, "/slow/", gone=gone))
    await entered(1)
    gone.set()
    await request
    return {"made": len(set(threading.enumerate()) - before)}


async def disconnect_in_sync_view(app):
    return await disconnect_while_held(app, "/held/")


async def disconnect_in_transaction(app):
    return await disconnect_while_held(app, "/held_in_atomic/")


async def disconnect_in_left_transaction(app):
    return await disconnect_while_held(app, "/left_in_atomic/")


async def server_cancels(app):
    """A server, or a timeout around the application, cancels the request itself."""
    request = asyncio.create_task(get(app, "/left_in_atomic/"))
    await entered(1)
    request.cancel()
    others = [(await get(app, "/sync/")).json["thread"] for _ in range(3)]
    early = request.done()
    views.gate.set()
    await asyncio.wait([request])
    after = (await get(app, "/look/")).json
    return {
        "early": early,
        "cancelled": request.cancelled(),
        "others": len(others),
        "atomic": after["atomic"],
        "meats": after["meats"],
    }


async def background_after_response(app):
    await get(app, "/background/")
    await asyncio.gather(*views.tasks)
    views.tasks.clear()
    return {"happened": list(views.happened), "meats": await meats_seen(app)}


async def background_holds_thread(app):
    request = asyncio.create_task(get(app, "/background_holding/"))
    await entered(1)
    others = [(await get(app, "/sync/")).json["ident"] for _ in range(3)]
    busy = views.happened[0]
    views.gate.set()
    await asyncio.gather(request, *views.tasks)
    views.tasks.clear()
    return {
        "apart": busy not in others,
        "happened": views.happened[1:],
        "meats": await meats_seen(app),
    }


async def background_connections(app):
    """Twenty requests whose tasks use the ORM after the response, without the collector."""
    await _background_request(app)  # imports, and what is created once
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await _background_request(app)
        return {"open": await _connections_in_the_end()}
    finally:
        gc.enable()


async def contexts_in_the_end(app):
    """Requests with and without a thread, without the collector: their contexts are freed."""
    contexts = SyncToAsync.context_to_thread_executor
    gc.disable()
    try:
        for path in ["/index/", "/sync/", "/acreate/"] * 3:
            await get(app, path)
        await asyncio.sleep(0)
        return {"left": len(contexts)}
    finally:
        gc.enable()


async def _background_request(app):
    await get(app, "/background/")
    await asyncio.gather(*views.tasks)
    views.tasks.clear()


async def _connections_in_the_end():
    """Return how many connections are open, as soon as none is or after some seconds."""
    from django.db import connection

    count = sessions if connection.vendor == "postgresql" else open_files
    deadline = time.monotonic() + 5
    while (now := count()) and time.monotonic() < deadline:  # noqa: ASYNC110  closed by a thread
        await asyncio.sleep(0.02)
    return now


async def many_mixed(app):
    """Everything at once: no request sees another's transaction, thread or language."""
    paths = ["/look/", "/leave_locale/", "/leave_manual/", "/leave_atomic/", "/sync/", "/index/"]
    looks = []
    for _ in range(5):
        answers = await asyncio.gather(*(get(app, path) for path in paths))
        looks.append(answers[0].json)
    return {
        key: sorted({str(look[key]) for look in looks})
        for key in ("language", "zone", "urlconf", "variable", "atomic", "autocommit", "meats")
    }
