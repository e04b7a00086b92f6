"""Connections, files and caches: closed when a request ends, or kept."""

import asyncio
import os
import threading

from django.core.cache import caches

from leansite import polite, views
from leansite.client import get
from leansite.scenarios.common import counting_connections, meats_seen, open_files


async def connections_in_turn(app):
    with counting_connections() as made:
        for path in ["/create/", "/acreate/"] * 3:
            assert (await get(app, path)).status == 200
    return {"made": len(made), "open": open_files(), "meats": await meats_seen(app)}


async def queries_in_turn(app):
    return {"queries": [(await get(app, "/look/")).json["queries"] for _ in range(4)]}


async def old_connection(app):
    """Played with CONN_MAX_AGE=1: what grows too old while idle is closed at the next start."""
    with counting_connections() as made:
        await get(app, "/create/")
        await get(app, "/create/")
        before = len(made)
        await asyncio.sleep(1.05)
        await get(app, "/look/")
    return {"before": before, "after": len(made) - before, "open": open_files()}


async def uploads(app):
    boundary = "smoke"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="meat"; filename="m"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    ).encode() + b"x" * 3_000_000
    body += f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}".encode()
    answer = await get(app, "/upload/", body=body, content_type=kind)
    (path,) = views.happened
    return {"size": answer.json["size"], "left": os.path.exists(path)}  # noqa: ASYNC240, PTH110


async def files_and_closers(app):
    body = (await get(app, "/file/")).body.decode()
    file, views.happened[:] = list(views.happened), []
    await get(app, "/closer/")
    return {"body": body, "file": file, "closer": list(views.happened)}


async def own_cache(app):
    polite.closed_in.clear()
    caches["polite"].set("a", 1)
    await get(app, "/index/")
    return {
        "closed": len(polite.closed_in),
        "on_loop": threading.main_thread().name in polite.closed_in,
    }
