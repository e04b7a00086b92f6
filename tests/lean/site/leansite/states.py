"""State that a request leaves in its thread, its connection or its process, and a look at it.

Each state is a pair of functions: one sets it, the other says whether it is there.
"""

import asyncio
import contextvars
import decimal
import locale
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from asgiref.local import Local
from django.conf import settings
from django.db import connection, transaction
from django.urls import set_script_prefix
from django.urls.base import get_script_prefix, get_urlconf, set_urlconf
from django.utils import timezone, translation

_thread = threading.local()
_local, _critical = Local(), Local(thread_critical=True)
_variable = contextvars.ContextVar("state", default="unset")
_cursors = []


def _profile(*_arguments):
    """Do nothing: that it is there is the state."""


def _sql(set_it, look, wanted):
    def leave():
        with connection.cursor() as cursor:
            cursor.execute(set_it)

    def seen():
        with connection.cursor() as cursor:
            cursor.execute(look)
            row = cursor.fetchone()
        return bool(row) and row[0] == wanted

    return leave, seen


def _atomic():
    transaction.atomic().__enter__()


def _open_cursor():
    cursor = connection.cursor()
    cursor.execute("SELECT 1 UNION SELECT 2")
    _cursors[:] = [cursor]


def _cursor_is_open():
    try:
        return bool(_cursors and _cursors[0].fetchone())
    except Exception:  # its connection was closed, or it is another thread's
        return False
    finally:
        _cursors.clear()


def _new_loop():
    asyncio.set_event_loop(asyncio.new_event_loop())


def _has_loop():
    policy_local = getattr(asyncio.get_event_loop_policy(), "_local", None)
    loop = getattr(policy_local, "_loop", None)
    if loop is not None:
        loop.close()
        asyncio.set_event_loop(None)
    return loop is not None


STATES = {
    "threading.local": (lambda: setattr(_thread, "x", 1), lambda: hasattr(_thread, "x")),
    "asgiref Local": (lambda: setattr(_local, "x", 1), lambda: hasattr(_local, "x")),
    "asgiref Local, thread_critical": (
        lambda: setattr(_critical, "x", 1), lambda: hasattr(_critical, "x")),
    "contextvar": (lambda: _variable.set("left"), lambda: _variable.get() == "left"),
    "translation.activate": (
        lambda: translation.activate("de"), lambda: translation.get_language() == "de"),
    "timezone.activate": (
        lambda: timezone.activate("Asia/Tokyo"),
        lambda: timezone.get_current_timezone_name() == "Asia/Tokyo"),
    "set_urlconf": (lambda: set_urlconf("elsewhere"), lambda: get_urlconf() == "elsewhere"),
    "set_script_prefix": (
        lambda: set_script_prefix("/left/"), lambda: get_script_prefix() == "/left/"),
    "decimal context": (
        lambda: setattr(decimal.getcontext(), "prec", 5), lambda: decimal.getcontext().prec == 5),
    "sys.setprofile": (lambda: sys.setprofile(_profile), lambda: sys.getprofile() is _profile),
    "sys.settrace": (lambda: sys.settrace(_profile), lambda: sys.gettrace() is _profile),
    "signal mask": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
        lambda: signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "event loop of the thread": (_new_loop, _has_loop),
    "name of the thread": (
        lambda: setattr(threading.current_thread(), "name", "left"),
        lambda: threading.current_thread().name == "left"),
    "open atomic()": (_atomic, lambda: connection.in_atomic_block),
    "set_autocommit(False)": (
        lambda: transaction.set_autocommit(False), lambda: not transaction.get_autocommit()),
    "execute wrapper": (
        lambda: connection.execute_wrappers.append(lambda run, *rest: run(*rest)),
        lambda: bool(connection.execute_wrappers)),
    "open cursor": (_open_cursor, _cursor_is_open),
    "PRAGMA of SQLite": _sql("PRAGMA cache_size = 7", "PRAGMA cache_size", 7),
    "temporary table": _sql(
        "CREATE TEMP TABLE left_behind (x INT)",
        "SELECT count(*) FROM sqlite_temp_master WHERE name = 'left_behind'", 1),
    "working directory": (lambda: os.chdir("/"), lambda: Path.cwd() == Path("/")),
    "os.environ": (lambda: os.environ.update(LEFT="1"), lambda: "LEFT" in os.environ),
    "locale": (
        lambda: locale.setlocale(locale.LC_CTYPE, "C"),
        lambda: locale.setlocale(locale.LC_CTYPE) == "C"),
    "umask": (lambda: os.umask(0o123), lambda: os.umask(0o022) == 0o123),
    "seed of random": (lambda: random.seed(7), lambda: random.random() == 0.32383276483316237),  # noqa: S311
}  # fmt: skip
"""On any database; those of SQLite there only."""
POSTGRESQL = {
    "SET search_path": _sql("SET search_path TO left_behind", "SHOW search_path", "left_behind"),
    "SET ROLE": _sql("SET ROLE pg_monitor", "SELECT current_user", "pg_monitor"),
    "SET TIME ZONE": _sql("SET TIME ZONE 'Asia/Tokyo'", "SHOW TIME ZONE", "Asia/Tokyo"),
    "SET LOCAL outside a transaction": _sql(
        "SET LOCAL lock_timeout = '7s'", "SHOW lock_timeout", "7s"),
    "advisory lock": _sql(
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'"
        " AND pid = pg_backend_pid()", 1),
    "temporary table": _sql(
        "CREATE TEMP TABLE left_behind (x INT)",
        "SELECT to_regclass('pg_temp.left_behind') IS NOT NULL", True),
    "open atomic()": STATES["open atomic()"],
    "set_autocommit(False)": STATES["set_autocommit(False)"],
}  # fmt: skip


def states():
    """Return the states that this site's database has."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    return STATES if is_sqlite else POSTGRESQL


def begin():
    """Remember the process as it is; return what puts it back."""
    folder, language = Path.cwd(), locale.setlocale(locale.LC_CTYPE)

    def restore():
        os.chdir(folder)
        os.environ.pop("LEFT", None)
        locale.setlocale(locale.LC_CTYPE, language)
        os.umask(0o022)
        random.seed(time.time_ns())

    return restore
