"""What can be played on the site: each an async function from the application to an outcome."""

import asyncio
import gc
import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from asgiref.sync import ThreadSensitiveContext
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.db.backends.signals import connection_created

from leansite import polite, views
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


# --- threads -------------------------------------------------------------------
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


# --- receivers -------------------------------------------------------------------
async def own_receivers(app):
    told = []

    def tell(word):
        def receiver(**_signal):
            told.append((word, threading.current_thread().name))

        return receiver

    def thread(index):
        return told[index][1]

    main = threading.main_thread().name
    with (
        listening(request_started, tell("first")),
        listening(request_started, tell("second")),
        listening(request_finished, tell("end")),
    ):
        answer = await get(app, "/sync/")
    return {
        "order": [word for word, _ in told],
        "off_the_loop": main not in [name for _, name in told],
        "with_the_view": {answer.json["thread"]} == {name for _, name in told},
    }


async def async_receivers(app):
    told = []

    def tell(word):
        async def receiver(signal, sender, **named):
            told.append((word, sender.__name__, sorted(named)))

        return receiver

    with (
        listening(request_started, tell("start")),
        listening(request_finished, tell("end")),
    ):
        await get(app, "/index/")
        await get(app, "/sync/")
    return {"told": told}


async def failing_receiver(app):
    def receiver(**_signal):
        raise LookupError("on purpose")

    with listening(request_started, receiver):
        try:
            await get(app, "/index/")
        except LookupError as error:
            return {"error": str(error), "after": (await _quiet(app, receiver)).status}
    return {"error": None}


async def _quiet(app, receiver):
    request_started.disconnect(receiver)
    return await get(app, "/index/")


async def other_context_around(app):
    """A wrapper of the project's own that enters a context: the outermost one wins."""
    async with ThreadSensitiveContext():
        first = await get(app, "/sync/")
        second = await get(app, "/sync/")
        await get(app, "/index/")
    return {"same": first.json["ident"] == second.json["ident"]}


# --- what is closed ------------------------------------------------------------
async def connections_in_turn(app):
    with counting_connections() as made:
        for path in ["/create/", "/acreate/"] * 3:
            assert (await get(app, path)).status == 200
    return {"made": len(made), "open": open_files(), "meats": await _meats(app)}


async def _meats(app):
    return (await get(app, "/look/")).json["meats"]


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


# --- what is left behind -----------------------------------------------------------
async def _look_after(app, path):
    first = (await get(app, path)).status
    answer = (await get(app, "/look/")).json
    answer.pop("thread")
    answer.pop("ident")
    return {"first": first} | answer


async def after_locale(app):
    return await _look_after(app, "/leave_locale/")


async def after_atomic(app):
    return await _look_after(app, "/leave_atomic/")


async def after_crash_in_atomic(app):
    return await _look_after(app, "/leave_atomic/?crash")


async def after_manual(app):
    return await _look_after(app, "/leave_manual/")


async def after_wrapper(app):
    return await _look_after(app, "/leave_wrapper/")


async def after_create_and_crash(app):
    return await _look_after(app, "/create/?crash")


async def after_acreate_and_crash(app):
    return await _look_after(app, "/acreate/?crash")


async def thread_local(app):
    await get(app, "/local_value/")
    return {"before": (await get(app, "/local_value/")).json["before"]}


# --- cancelled, and late -------------------------------------------------------------
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


async def _disconnect_while_held(app, path):
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


async def disconnect_in_sync_view(app):
    return await _disconnect_while_held(app, "/held/")


async def disconnect_in_transaction(app):
    return await _disconnect_while_held(app, "/held_in_atomic/")


async def disconnect_in_left_transaction(app):
    return await _disconnect_while_held(app, "/left_in_atomic/")


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
    return {"happened": list(views.happened), "meats": await _meats(app)}


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
        "meats": await _meats(app),
    }


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


# --- PostgreSQL ------------------------------------------------------------------
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
    return {"made": len(made), "open": await _settled(kept), "meats": await _meats(app)}


async def pg_nothing_left_in_transaction(app):
    """Every way to leave a transaction open, and no session is left in one."""
    for path in ("/leave_atomic/", "/leave_atomic/?crash", "/leave_manual/"):
        await get(app, path)
    await _disconnect_while_held(app, "/left_in_atomic/")
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
    await _disconnect_while_held(app, "/left_in_atomic/")
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
