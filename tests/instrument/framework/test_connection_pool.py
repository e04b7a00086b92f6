"""Waiting for a connection of psycopg's pool, with a real PostgreSQL and without one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "lean" / "postgresql.py"


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL of the tests' own, as Django's settings."""
    spec = importlib.util.spec_from_file_location("lean_postgresql", SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.programs(), "no PostgreSQL here: apt-get install postgresql"
    with module.server() as settings:
        yield settings


@pytest.mark.postgresql
@pytest.mark.timeout(120)
def test_a_view_that_waits_for_a_connection_says_so(recorded, database):
    """Django's own pool with one connection: the second thread waits until the first is done."""
    options = {"pool": {"min_size": 1, "max_size": 1, "timeout": 10}}
    sink = recorded(f"""
    import threading
    settings.DATABASES = {{"default": {database | {"NAME": "postgres", "OPTIONS": options}!r}}}
    from django.db import connection, connections
    has_connection, may_close = threading.Event(), threading.Event()
    def hold():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        has_connection.set()
        may_close.wait(10)
        connection.close()
    holder = threading.Thread(target=hold)
    holder.start()
    has_connection.wait(10)
    threading.Timer(0.05, may_close.set).start()
    with tracer.start_as_current_span("view"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
        connection.close()
    holder.join()
    connection.close_pool()
    """)
    view, wait = sink.one("view"), sink.one("connection_pool.wait")
    assert wait.parent_id == view.span_id
    assert wait.ms >= 40
    assert wait.attributes["overlap.wait.pool"] == "ConnectionPool"
    assert wait.attributes["overlap.wait.pool.size"] == 1
    assert view.attributes["overlap.db.pool_wait_ms"] >= 40
    assert view.attributes["overlap.db.connect_ms"] >= view.attributes["overlap.db.pool_wait_ms"]


POOL = """
from psycopg_pool import ConnectionPool, PoolTimeout
pool = ConnectionPool("host=127.0.0.1 port=1 connect_timeout=1", min_size=0, max_size=1, open=True,
                      reconnect_timeout=0)
def ask():
    with tracer.start_as_current_span("view"):
        try:
            pool.getconn(timeout=0.05)
            raise AssertionError
        except PoolTimeout:
            pass
"""


def test_a_wait_that_times_out_is_given_up(recorded):
    """Nobody listens there; the exception is psycopg's."""
    sink = recorded(POOL + "ask()\npool.close()\n")
    wait = sink.one("connection_pool.wait")
    assert wait.attributes["overlap.wait.given_up"] is True
    assert wait.attributes["overlap.wait.kind"] == "connection_pool"
    assert wait.attributes["code.function.name"] == "ask"


def test_what_fails_in_ours_harms_no_connection(recorded):
    """And after shutdown() the method is psycopg's own."""
    sink = recorded(
        POOL
        + """
from overlap.instrument.framework import connection_pool
def broken(*_): raise RuntimeError
connection_pool.recording_span = broken
ask()
pool.close()
overlap.shutdown()
assert not hasattr(ConnectionPool.getconn, "__wrapped__")
"""
    )
    assert sink.names() == {"view": 1}


def test_spans_and_the_flight_recorder_share_one_wrapper(recorded):
    """Each hears of a wait, also if another fails; the last that leaves gives the method back."""
    recorded(
        POOL
        + """
from overlap.instrument.recorded.pool_waits import observe_pool_waits
heard = []
def broken(*_): raise RuntimeError
def note(pool, began, seconds, is_given_up): heard.append((seconds >= 0.05, is_given_up))
first, second = observe_pool_waits(broken), observe_pool_waits(note)
assert not hasattr(ConnectionPool.getconn.__wrapped__, "__wrapped__")
ask()
first()
ask()
pool.close()
assert heard == [(True, True)] * 2, heard
overlap.shutdown()
assert hasattr(ConnectionPool.getconn, "__wrapped__")
second()
assert not hasattr(ConnectionPool.getconn, "__wrapped__")
"""
    )
