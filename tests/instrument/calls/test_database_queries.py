"""Each query that Django sends is a span below whoever asked for it, and says nothing secret."""

from __future__ import annotations

import textwrap

DRIVER = """
import django, overlap
overlap.instrument()
django.setup()
from django.db import OperationalError, connection
from opentelemetry import trace

def ask(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)

ask("CREATE TABLE meats (id integer, name text)")
"""
CLIENT, ERROR = 3, 2


def spans(own_sink, run, code):
    run(DRIVER + textwrap.dedent(code) + "overlap.shutdown()\n", own_sink.url)
    return own_sink


def test_a_query_is_a_span_of_who_asked(own_sink, run):
    """Named by what it does and to which table; its parameters stay with the database."""
    code = """
    with trace.get_tracer("t").start_as_current_span("view"):
        ask('SELECT "name" FROM "meats" WHERE "id" = %s AND "name" = %s', 7, "secret sauce")
        ask("INSERT INTO meats VALUES (%s, %s)", 8, "secret sauce")
    """
    sink = spans(own_sink, run, code)
    view, query, insert = (sink.one(name) for name in ("view", "SELECT meats", "INSERT meats"))
    assert query.parent_id == insert.parent_id == view.span_id
    assert query.kind == CLIENT
    told = {key: query.attributes[key] for key in query.attributes if key.startswith("db.")}
    assert told == {
        "db.system.name": "sqlite",
        "db.operation.name": "SELECT",
        "db.collection.name": "meats",
        "db.namespace": ":memory:",
        "db.query.text": 'SELECT "name" FROM "meats" WHERE "id" = %s AND "name" = %s',
    }
    assert "secret" not in repr(sink.spans)


def test_a_query_that_fails_says_so(own_sink, run):
    """The database's own words, on the query's span; the error is the caller's as before."""
    code = """
    with trace.get_tracer("t").start_as_current_span("view"):
        try:
            ask("SELECT * FROM fish")
        except OperationalError:
            pass
        else:
            raise AssertionError
    """
    query = spans(own_sink, run, code).one("SELECT fish")
    assert query.status == ERROR
    assert query.events[0][1]["exception.message"] == "no such table: fish"


def test_a_query_that_nobody_traces_is_none_of_ours(own_sink, run):
    """At start-up, in a command, after shutdown: no span, and no trace that is only a query."""
    code = """
    ask("SELECT * FROM meats")
    view = trace.get_tracer("t").start_as_current_span("view")
    with view:
        pass
    overlap.shutdown()
    ask("SELECT * FROM meats")
    assert not connection.execute_wrappers
    """
    assert spans(own_sink, run, code).names() == {"view": 1}


def test_a_traced_connection_serves_the_next_request_too(own_sink, run):
    """Lean drops a connection that a request put a wrapper around; ours belongs to it for good."""
    code = """
    from django.db import connections
    from overlap.lean.connection_reset import reset_connections
    traced = connections["default"]
    assert traced.execute_wrappers
    reset_connections()
    assert connections["default"] is traced
    traced.execute_wrappers.append(lambda execute, *rest: execute(*rest))
    reset_connections()
    assert connections["default"] is not traced
    """
    spans(own_sink, run, code)


UNHASHABLE = """
from dataclasses import dataclass
from opentelemetry.sdk.trace import TracerProvider

@dataclass
class Provider:  # as Logfire's proxy: equal by value, and so not hashable
    real: TracerProvider
    def get_tracer(self, *args, **named):
        return self.real.get_tracer(*args, **named)

provider = Provider(trace.get_tracer_provider())
trace.get_tracer_provider = lambda: provider
"""


def test_an_unhashable_provider_is_no_trouble(own_sink, run):
    """A project that configured Logfire has one: its queries are traced as any other's."""
    asked = """
with trace.get_tracer("t").start_as_current_span("view"):
    ask("SELECT * FROM meats")
    ask("SELECT * FROM meats")
"""
    sink = spans(own_sink, run, UNHASHABLE + asked)
    parents = {query.parent_id for query in sink.named("SELECT meats")}
    assert parents == {sink.one("view").span_id}
    assert sink.names() == {"view": 1, "SELECT meats": 2}


def test_a_provider_that_raises_costs_the_span_alone(own_sink, run):
    """The query runs; that it is not traced is logged once, however many there are."""
    code = """
    import logging
    told = []
    class Listener(logging.Handler):
        def emit(self, record): told.append(record)
    logging.getLogger("overlap.instrument").addHandler(Listener())
    def broken(): raise TypeError("unhashable type")
    with trace.get_tracer("t").start_as_current_span("view"):
        trace.get_tracer_provider = broken
        ask("INSERT INTO meats VALUES (%s, %s)", 8, "secret sauce")
        ask("INSERT INTO meats VALUES (%s, %s)", 9, "secret sauce")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM meats")
            assert cursor.fetchone() == (2,)
    assert len(told) == 1, told
    assert "a database query is not traced" in told[0].getMessage()
    """
    assert spans(own_sink, run, code).names() == {"view": 1}


def test_a_processor_that_raises_at_the_end_of_a_query_is_no_trouble(own_sink, run):
    """A project's own span processor runs inside the query, too."""
    code = """
    from opentelemetry.sdk.trace import SpanProcessor
    class Broken(SpanProcessor):
        def on_end(self, span):
            if span.name.startswith("SELECT"): raise RuntimeError("at the end")
    trace.get_tracer_provider().add_span_processor(Broken())
    with trace.get_tracer("t").start_as_current_span("view"):
        ask("SELECT * FROM meats")
    """
    assert spans(own_sink, run, code).names() == {"view": 1, "SELECT meats": 1}
