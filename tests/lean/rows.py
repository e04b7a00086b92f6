"""State that a request leaves behind, and whether the next one finds it: lean beside stock Django.

tests/lean/test_states.py asks real requests; docs/explanation/lean-compared.md is made from this by
`python -m tests.lean`. Stock under ASGI has a thread and a connection for each request, so only
what belongs to the process stays.
"""

from dataclasses import dataclass

COLUMNS = ("stock ASGI", "lean", "lean, CONN_MAX_AGE=60", "WSGI, CONN_MAX_AGE=60")


@dataclass(frozen=True)
class Row:
    """One state. `left`: a letter for each of COLUMNS, `y` where the next request finds it."""

    name: str
    left: str
    reset: str
    """How to reset it; empty where lean is as stock ASGI, or does it."""


_NEW = "nnny"
_THREAD = "nyyy"
_CONNECTION = "nnyy"
_PROCESS = "yyyy"

ANYWHERE = (
    Row(
        "threading.local",
        _THREAD,
        "use asgiref's `Local` or a contextvar, or set it at the start of each request",
    ),
    Row("asgiref Local", _NEW, ""),
    Row("asgiref Local, thread_critical", _THREAD, "as `threading.local`"),
    Row("contextvar", _NEW, ""),
    Row("translation.activate", _NEW, ""),
    Row("timezone.activate", _NEW, ""),
    Row("set_urlconf", "nnnn", ""),
    Row("set_script_prefix", "nnnn", ""),
    Row("decimal context", _NEW, ""),
    Row(
        "sys.setprofile",
        _THREAD,
        "`sys.setprofile(None)` in a `finally`; a profiler of one request ends with it",
    ),
    Row("sys.settrace", _THREAD, "`sys.settrace(None)` in a `finally`"),
    Row(
        "signal mask",
        _THREAD,
        "`signal.pthread_sigmask(signal.SIG_SETMASK, before)` in a `finally`",
    ),
    Row(
        "event loop of the thread",
        _THREAD,
        "`asyncio.run()`, which unsets its loop, in place of `set_event_loop()`",
    ),
    Row("name of the thread", _THREAD, "set it back in a `finally`"),
    Row("open atomic()", _NEW, ""),
    Row("set_autocommit(False)", "nnnn", ""),
    Row("execute wrapper", _NEW, ""),
    Row(
        "working directory",
        _PROCESS,
        "the process's: not in a request (`contextlib.chdir` changes it for all)",
    ),
    Row("os.environ", _PROCESS, "the process's: not in a request"),
    Row("locale", _PROCESS, "the process's: format with `babel` or Django's own functions"),
    Row("umask", _PROCESS, "the process's: pass the mode to `os.open`"),
    Row("seed of random", _PROCESS, "the process's: use a `random.Random` of your own"),
)
SQLITE = (
    Row("open cursor", _CONNECTION, "close it: `with connection.cursor()`"),
    Row(
        "PRAGMA of SQLite",
        _CONNECTION,
        "set it for every connection, in `OPTIONS` or at `connection_created`",
    ),
    Row("temporary table", _CONNECTION, "drop it in the request, or `CONN_MAX_AGE = 0`"),
)
POSTGRESQL = (
    Row(
        "SET search_path",
        _CONNECTION,
        "`SET LOCAL` in a transaction, or `RESET search_path` in a `finally`",
    ),
    Row(
        "SET ROLE", _CONNECTION, "`SET LOCAL ROLE` in a transaction, or `RESET ROLE` in a `finally`"
    ),
    Row("SET TIME ZONE", _CONNECTION, "`SET LOCAL`, or the database's `TIME_ZONE` setting"),
    Row("SET LOCAL outside a transaction", "nnnn", ""),
    Row("advisory lock", _CONNECTION, "`pg_advisory_xact_lock`, which ends with its transaction"),
    Row("temporary table", _CONNECTION, "`CREATE TEMP TABLE … ON COMMIT DROP`"),
    Row("open atomic()", _NEW, ""),
    Row("set_autocommit(False)", "nnnn", ""),
)


def expected(rows: tuple[Row, ...], column: str) -> dict[str, bool]:
    """Return what the requests of one column must find."""
    at = COLUMNS.index(column)
    return {row.name: row.left[at] == "y" for row in rows}
