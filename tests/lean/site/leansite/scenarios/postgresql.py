"""What only a server can tell: sessions, transactions, psycopg's pool."""

import asyncio
import gc
import os
import time

from leansite.client import get
from leansite.scenarios.common import counting_connections, disconnect_while_held, meats_seen, until


def _ask(query, *parameters):
    """Ask the server on a connection of our own, which it does not count."""
    import psycopg
    from django.conf import settings

    database = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        dbname=database["NAME"],
        autocommit=True,
    ) as asking:
        return asking.execute(query, parameters).fetchall()


def sessions(state=""):
    """How many sessions others have in this database, in a state that begins so."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state LIKE %s"
    )
    return _ask(query, f"{state}%")[0][0]


async def _settled(expected, state=""):
    """The number of sessions, once it is as expected; or what it is after some seconds."""
    deadline = time.monotonic() + 5
    while (now := sessions(state)) != expected and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return now


async def pg_connections_in_turn(app):
    gc.collect()  # late work's threads, and sessions, of scenarios before, as in stock
    with counting_connections() as made:
        for path in ["/create/", "/acreate/"] * 3:
            assert (await get(app, path)).status == 200
    kept = int(os.environ["LEAN_KEPT"])
    return {"made": len(made), "open": await _settled(kept), "meats": await meats_seen(app)}


async def pg_nothing_left_in_transaction(app):
    """Every way to leave a transaction open, and no session is left in one."""
    for path in ("/leave_atomic/", "/leave_atomic/?crash", "/leave_manual/"):
        await get(app, path)
    await disconnect_while_held(app, "/left_in_atomic/")
    return {"idle in transaction": await _settled(0, "idle in transaction")}


async def _terminated(app):
    pid = (await get(app, "/pid/")).json["pid"]
    _ask("SELECT pg_terminate_backend(%s)", pid)
    await until(lambda: not _ask("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))
    return [(await get(app, "/pid/")).status for _ in range(3)]


async def pg_terminated_while_idle(app):
    return {"statuses": await _terminated(app)}


async def pg_pool_is_whole(app):
    """Whatever requests do to their connections, the pool has all of them back."""
    from django.db import connection

    for path in ("/create/", "/acreate/", "/leave_atomic/?crash", "/leave_manual/", "/pid/"):
        await get(app, path)
    await disconnect_while_held(app, "/left_in_atomic/")
    answers = await asyncio.gather(*(get(app, "/acreate/") for _ in range(20)))
    pool = connection.pool

    def is_whole():
        stats = pool.get_stats()
        return stats["pool_available"] == stats["pool_size"] and stats

    stats = await until(is_whole)
    return {
        "statuses": sorted({answer.status for answer in answers}),
        "waiting": stats.get("requests_waiting", 0),
        "idle in transaction": await _settled(0, "idle in transaction"),
    }
