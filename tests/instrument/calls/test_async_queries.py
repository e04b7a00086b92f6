"""Queries of asynchronous cursors: django-async-backend's, on a real PostgreSQL, and others."""

from __future__ import annotations

import pytest

from tests.lean.postgresql import server

CURSOR = """
import asyncio, functools, django, overlap
overlap.instrument()
django.setup()
from django.db import connections
from opentelemetry import trace
connection = connections["default"]  # a coroutine would get another
connection.ensure_connection()

class Cursor:
    async def execute(self, sql, params=None):
        executor = self._execute
        for wrapper in reversed(connection.execute_wrappers):
            executor = functools.partial(wrapper, executor)
        return await executor(sql, params, False, {"connection": connection, "cursor": self})

    async def _execute(self, sql, params, *_):
        await asyncio.sleep(0.02)
        if "fish" in sql:
            raise LookupError("no fish")
        trace.get_tracer("driver").start_span("packet").end()
        return 3

async def view():
    with trace.get_tracer("t").start_as_current_span("view"):
        return await ask()
"""


def test_a_span_ends_when_its_query_has_been_awaited(own_sink, run):
    """Its wrapper gets a coroutine; what runs inside is below the query's span."""
    code = """
async def ask():
    assert await Cursor().execute("SELECT 1 FROM meats") == 3
asyncio.run(view())
overlap.shutdown()
"""
    run(CURSOR + code, own_sink.url)
    query, packet = own_sink.one("SELECT meats"), own_sink.one("packet")
    assert query.ms >= 19
    assert packet.parent_id == query.span_id
    assert query.parent_id == own_sink.one("view").span_id


def test_queries_at_once_are_siblings_that_overlap(own_sink, run):
    """Each task has its own current span; an error is on the query that failed."""
    code = """
async def ask():
    found = await asyncio.gather(*(Cursor().execute(f"SELECT 1 FROM {table}")
        for table in ("meats", "fish", "smokers")), return_exceptions=True)
    assert found[0] == found[2] == 3 and isinstance(found[1], LookupError), found
asyncio.run(view())
overlap.shutdown()
"""
    run(CURSOR + code, own_sink.url)
    queries = [own_sink.one(f"SELECT {table}") for table in ("meats", "fish", "smokers")]
    assert {query.parent_id for query in queries} == {own_sink.one("view").span_id}
    assert max(query.start for query in queries) < min(query.end for query in queries)
    assert [query.status == 2 for query in queries] == [False, True, False]


def test_an_async_query_that_nobody_traces_is_only_run(own_sink, run):
    """Outside a trace, and after shutdown() by a connection that still has the wrapper."""
    code = """
asyncio.run(Cursor().execute("SELECT 1 FROM meats"))
never = Cursor().execute("SELECT 1 FROM meats")
never.close()
wrapper = connection.execute_wrappers[0]
overlap.shutdown()
connection.execute_wrappers.append(wrapper)
assert asyncio.run(Cursor().execute("SELECT 1 FROM meats")) == 3
"""
    run(CURSOR + code, own_sink.url)
    assert own_sink.names() == {"packet": 1}


REAL = """
import asyncio, overlap
from django.conf import settings
settings.DATABASES = {{"default": {database!r}}}
overlap.instrument()
import django
django.setup()
from django_async_backend.db import async_connections, async_new_connection
from opentelemetry import trace

@async_new_connection
async def ask():
    async with await async_connections["default"].cursor() as cursor:
        await both.wait()  # opening a connection may take longer than the query
        await cursor.execute("SELECT pg_sleep(%s)", [0.1])
        return await cursor.fetchall()

async def view():
    global both
    both = asyncio.Barrier(2)
    with trace.get_tracer("t").start_as_current_span("view"):
        await asyncio.gather(ask(), ask())
asyncio.run(view())
overlap.shutdown()
"""


@pytest.mark.postgresql
@pytest.mark.timeout(120)
@pytest.mark.python(3, 12)  # django-async-backend does
def test_django_async_backends_queries_overlap(own_sink, run):
    """The real package on a real PostgreSQL: two queries at once, each as long as it took."""
    with server() as database:
        database |= {"ENGINE": "django_async_backend.db.backends.postgresql", "NAME": "postgres"}
        run(REAL.format(database=database), own_sink.url)
    queries = [span for span in own_sink.spans if "pg_sleep" in str(span.attributes)]
    assert len(queries) == 2
    assert all(query.ms >= 100 for query in queries)
    assert queries[0].start < queries[1].end
    assert queries[1].start < queries[0].end
    view = own_sink.one("view")
    assert {query.parent_id for query in queries} == {view.span_id}
    assert view.attributes["overlap.db.connect_ms"] > 0
