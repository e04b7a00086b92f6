"""`overlap whatif --pool`, from the trace of a real PostgreSQL pool, beside the larger pool."""

from __future__ import annotations

from statistics import median

import pytest

from overlap.trace import read
from overlap.whatif import Change, what_if
from overlap.whatif import recorded as jobs_of
from tests.instrument.framework.test_connection_pool import database

__all__ = ["database"]
REQUESTS = """
import threading
from opentelemetry.trace import SpanKind
settings.DATABASES = {{"default": {settings!r}}}
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
connection.close()
at_once = threading.Barrier(6)
def ask():
    at_once.wait(10)
    with tracer.start_as_current_span("GET /menu/", kind=SpanKind.SERVER):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        connection.close()
threads = [threading.Thread(target=ask) for _ in range(6)]
for each in threads:
    each.start()
for each in threads:
    each.join()
connection.close_pool()
"""


@pytest.mark.postgresql
@pytest.mark.timeout(120)
def test_a_larger_pool_is_predicted_from_a_real_one(recorded, database):
    """Two connections for six requests of 0.2 s each; with six, none waits, as is measured."""

    seen = set()

    def play(size):
        pool = {"min_size": size, "max_size": size, "timeout": 20}
        options = database | {"NAME": "postgres", "OPTIONS": {"pool": pool}}
        sink = recorded(REQUESTS.format(settings=options))
        traces = [each for each in read(sink.spans_as_sent) if each.trace_id not in seen]
        seen.update(each.trace_id for each in traces)
        found = jobs_of(traces)
        return found, [job.recorded_ns / 1e6 for one in found for job in one.jobs]

    before, took = play(2)
    assert [one.pools for one in before] == [{"ConnectionPool": 2}]
    assert max(took) > 550
    (row,) = what_if(before, [Change("pool", "ConnectionPool", 6)])["routes"]
    assert abs(row["replayed"]["p50_ms"] - median(took)) <= 0.15 * median(took), row
    _, measured = play(6)
    assert len(took) == len(measured) == 6
    assert row["predicted"] is not None, row["notes"]
    assert abs(row["predicted"]["p50_ms"] - median(measured)) <= 0.15 * median(measured)
    assert abs(row["predicted"]["p99_ms"] - max(measured)) <= 0.25 * max(measured)
