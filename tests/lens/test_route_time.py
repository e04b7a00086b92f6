"""The loop's time by route: what was measured, extrapolated to all requests, never less."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from overlap.lens import Account, RouteTime
from overlap.lens.route_time import ROUTES


@pytest.fixture
def loop_time():
    """A counter, and the function that reads its points by route, state and share."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)

    def read():
        data = reader.get_metrics_data()
        points = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
        return {
            (
                point.attributes.get("http.route"),
                point.attributes["overlap.event_loop.state"],
                point.attributes["overlap.lens.share"],
            ): point.value
            for point in points
        }

    yield SimpleNamespace(counter=RouteTime(provider.get_meter("test")), read=read)
    provider.shutdown()


def account(running, ready):
    """An account with these seconds."""
    made = Account(None, 0.0, lists_turns=False)
    made.running, made.ready = running, ready
    return made


def test_every_request_measured(loop_time):
    """The three states of a route add up to the durations of its requests."""
    for _ in range(3):
        loop_time.counter.count("/x/", account(0.1, 0.2), 1.0)
    found = loop_time.read()
    assert found["/x/", "running", 1.0] == pytest.approx(0.3)
    assert found["/x/", "ready", 1.0] == pytest.approx(0.6)
    assert found["/x/", "awaiting", 1.0] == pytest.approx(2.1)


def test_one_of_four_stands_for_all(loop_time):
    """Extrapolated by route, with the step below the share."""
    loop_time.counter.count("/x/", account(0.1, 0), 0.1)
    for _ in range(3):
        loop_time.counter.count("/x/", None, 0.1)
    loop_time.counter.count("/y/", account(0.1, 0), 0.1)
    found = loop_time.read()
    assert found["/x/", "running", 0.2] == pytest.approx(0.4)
    assert found["/y/", "running", 1.0] == pytest.approx(0.1)


def test_requests_wait_until_one_of_them_is_measured(loop_time):
    """Where other routes used the lens up for a while, nothing is lost."""
    loop_time.counter.count("/x/", None, 0.1)
    assert sum(loop_time.read().values()) == 0
    loop_time.counter.count("/x/", account(0.1, 0), 0.1)
    assert loop_time.read()["/x/", "running", 0.5] == pytest.approx(0.2)


def test_a_share_that_changes_takes_nothing_back(loop_time):
    """The series of the earlier share keeps its sum: it is a counter."""
    loop_time.counter.count("/x/", account(0.1, 0), 0.1)
    before = loop_time.read()
    loop_time.counter.count("/x/", account(0.1, 0), 0.1)
    loop_time.counter.count("/x/", None, 0.1)
    after = loop_time.read()
    assert after["/x/", "running", 1.0] == before["/x/", "running", 1.0]
    assert after["/x/", "running", 0.5] == pytest.approx(0.2)


def test_work_after_the_response_counts_for_its_route(loop_time):
    """A background task fills the loop as well."""
    request = account(0.1, 0)
    loop_time.counter.count("/x/", request, 0.1)
    loop_time.read()
    request.late(0.5, 0.25)
    found = loop_time.read()
    assert found["/x/", "running", 1.0] == pytest.approx(0.6)
    assert found["/x/", "ready", 1.0] == pytest.approx(0.25)


def test_the_number_of_routes_is_bounded(loop_time):
    """Those beyond it are counted together; a request without a route has none."""
    for number in range(ROUTES + 5):
        loop_time.counter.count(f"/{number}/", account(1, 0), 1)
    loop_time.counter.count("/0/", account(1, 0), 1)
    found = loop_time.read()
    assert len({route for route, _, _ in found}) == ROUTES + 1
    assert found["other", "running", 1.0] == 5
    assert found["/0/", "running", 1.0] == 2
