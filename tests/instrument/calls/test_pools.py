"""Thread pools and connection pools: in use, waiting, at most."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from overlap.instrument.calls import thread_pools
from overlap.instrument.calls.connection_pools import report_connection_pools
from overlap.instrument.calls.thread_pools import ThreadPools


@pytest.fixture
def pools():
    """The thread pools that are used from now on."""
    pools = ThreadPools()
    undo = pools.install()
    yield pools
    undo()


@pytest.fixture
def busy(pools):
    """A pool of two threads that run a call each, with three calls waiting; and their release."""
    release, running = threading.Event(), threading.Barrier(3)

    def hold():
        running.wait(10)
        release.wait(10)

    with ThreadPoolExecutor(2, thread_name_prefix="kitchen-3") as pool:
        held = [pool.submit(hold) for _ in "ab"]
        rest = [pool.submit(release.wait, 10) for _ in "abc"]
        running.wait(10)
        yield SimpleNamespace(pool=pool, held=held, rest=rest, release=release)
        release.set()


def test_calls_wait_for_the_threads_of_a_full_pool(pools, busy):
    """Three wait, two threads of two are in use; the pool's name has no number."""
    assert pools.figures()["kitchen"] == [3, 2, 2]


def test_a_thread_that_took_a_queued_call_is_in_use(pools, busy, wait_until):
    """The executor's own semaphore counts such a thread as idle."""
    gate = threading.Event()
    last = [busy.pool.submit(gate.wait, 10) for _ in "ab"]
    busy.release.set()
    for each in (*busy.held, *busy.rest):
        each.result(10)
    wait_until(lambda: all(each.running() for each in last))
    assert pools.figures()["kitchen"] == [0, 2, 2]
    gate.set()


def test_an_idle_pool_is_empty_and_a_closed_one_gone(pools, busy, wait_until):
    """The name stays with zeros: a gauge without a value would keep its last."""
    busy.release.set()
    wait_until(lambda: pools.figures()["kitchen"] == [0, 0, 2])
    busy.pool.shutdown()
    assert pools.figures()["kitchen"] == [0, 0, 0]


def test_the_number_of_names_is_bounded(pools, monkeypatch):
    """A pool that is named after an order has no series of its own in the end."""
    monkeypatch.setattr(thread_pools, "POOLS", 2)
    made = [ThreadPoolExecutor(1, thread_name_prefix=f"order {name}") for name in "abcd"]
    for pool in made:
        pool.submit(bool).result(10)
    found = pools.figures()
    assert len(found) == 3
    assert "other" in found
    assert sum(size for _, _, size in found.values()) == 4
    for pool in made:
        pool.shutdown()


def test_connection_pools_are_reported_by_the_conventions(monkeypatch):
    """What psycopg's pool says, by the alias of Django's database."""
    stats = {"pool_size": 5, "pool_available": 2, "pool_max": 8, "requests_waiting": 4}
    pool = SimpleNamespace(get_stats=lambda: stats)
    wrapper = SimpleNamespace(_connection_pools={"default": pool})
    module = SimpleNamespace(DatabaseWrapper=wrapper)
    monkeypatch.setitem(sys.modules, "django.db.backends.postgresql.base", module)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    report_connection_pools(provider.get_meter("test"))
    metrics = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    found = {
        (each.name, point.attributes.get("db.client.connection.state")): point.value
        for each in metrics
        for point in each.data.data_points
    }
    assert found == {
        ("db.client.connection.count", "used"): 3,
        ("db.client.connection.count", "idle"): 2,
        ("db.client.connection.max", None): 8,
        ("db.client.connection.pending_requests", None): 4,
    }
    provider.shutdown()
