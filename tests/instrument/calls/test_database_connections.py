"""Connecting, COMMIT and ROLLBACK are on the span that waits for them."""

from __future__ import annotations

import textwrap

DRIVER = """
import time, django, overlap
overlap.instrument()
django.setup()
from django.db import connection, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from opentelemetry import trace
tracer = trace.get_tracer("t")

def slowly(method):
    def slow(self, *args):
        time.sleep(0.02)
        return method(self, *args)
    return slow

def ask(fails=False):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if fails:
            raise KeyError
"""


def test_they_are_attributes_of_the_current_span(own_sink, run):
    """Added up, where there are several; not there where there were none."""
    code = """
    DatabaseWrapper.get_new_connection = slowly(DatabaseWrapper.get_new_connection)
    with tracer.start_as_current_span("first"):
        ask()
        ask()
    with tracer.start_as_current_span("second"):
        try:
            ask(fails=True)
        except KeyError:
            pass
    overlap.shutdown()
    """
    run(DRIVER + textwrap.dedent(code), own_sink.url)
    first, second = own_sink.one("first").attributes, own_sink.one("second").attributes
    assert first["overlap.db.connect_ms"] >= 20
    assert first["overlap.db.commit_ms"] > 0
    assert "overlap.db.rollback_ms" not in first
    assert second["overlap.db.rollback_ms"] > 0
    assert not {"overlap.db.connect_ms", "overlap.db.commit_ms"} & set(second)


def test_what_fails_in_ours_harms_no_transaction(own_sink, run):
    """And after shutdown() the methods are Django's own."""
    code = """
    from overlap.instrument.calls import database_connections
    def broken(*_): raise RuntimeError
    database_connections._add = broken
    with tracer.start_as_current_span("view"):
        ask()
    overlap.shutdown()
    assert DatabaseWrapper._commit.__module__ == "django.db.backends.base.base"
    assert not hasattr(DatabaseWrapper._commit, "__wrapped__")
    """
    run(DRIVER + textwrap.dedent(code), own_sink.url)
    assert own_sink.names() == {"view": 1, "BEGIN": 1, "SELECT": 1}
