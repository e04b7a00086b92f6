"""What the time of a critical path is divided into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap import names
from overlap.survey import survey
from tests.survey.conftest import request, span, trace

REQUEST = "GET /smoke/"


def shares(*spans):
    (route,) = [
        route for route in survey([trace(spans)]).as_dict()["routes"] if route["route"] == REQUEST
    ]
    assert sum(route["time"].values()) == pytest.approx(1)
    return {category: pytest.approx(share) for category, share in route["time"].items() if share}


def server(**attributes):
    return span(1, 1, REQUEST, 0, 100, kind="server", attributes=attributes)


def loop(running, ready):
    return {names.LOOP_RUNNING_MS: running, names.LOOP_READY_MS: ready}


def test_queries_calls_own_awaits_and_what_no_span_covers():
    """Each span's own time has one place."""
    found = shares(
        server(),
        span(1, 2, "SELECT", 0, 30, 1, kind="client", attributes={"db.system": "sqlite"}),
        span(1, 3, "GET", 30, 50, 1, kind="client"),
        span(1, 4, "cook", 50, 90, 1),
    )
    assert found == {"database": 0.3, "calls": 0.2, "own": 0.4, "uncovered": 0.1}


def test_what_another_service_does_is_a_call():
    """Its own routes have rows of their own."""
    found = shares(
        server(),
        span(1, 2, "GET", 0, 80, 1, kind="client"),
        span(1, 3, "GET /till/", 10, 70, 2, kind="server", service="till"),
        span(1, 4, "SELECT", 20, 60, 3, kind="client", service="till",
             attributes={"db.system": "sqlite"}),
    )  # fmt: skip
    assert found == {"calls": 0.8, "uncovered": 0.2}


def test_the_lens_figures_of_a_span_are_without_those_of_the_spans_below_it():
    """The request ran for 30 ms, 20 of them in a span below it."""
    found = shares(
        server(**loop(30.0, 10.0)),
        span(1, 2, "cook", 0, 50, 1, attributes=loop(20.0, 5.0)),
    )
    assert found == {"running": 0.3, "ready": 0.1, "own": 0.25, "uncovered": 0.35}


def test_a_block_ran_on_the_loop_even_without_the_lens():
    """The watchdog saw it."""
    found = shares(server(), span(1, 2, names.SPAN_BLOCKED, 10, 70, 1))
    assert found == {"running": 0.6, "uncovered": 0.4}


def test_a_delay_by_others_blocks_was_a_wait_for_the_loop_even_without_the_lens():
    """Unless the delay is an upper limit only."""
    assert shares(server(**{names.VICTIM_DELAY_MS: 40.0}))["ready"] == 0.4
    at_most = {names.VICTIM_DELAY_MS: 40.0, names.VICTIM_AT_MOST: True}
    assert "ready" not in shares(server(**at_most))


def test_the_wait_before_a_span_that_a_thread_made_is_a_wait_for_threads():
    """It is its parent's own time until there."""
    found = shares(
        server(),
        span(
            1, 2, "sync", 0, 90, 1, attributes={names.THREAD_CALLS: 1, names.THREAD_QUEUED_MS: 60.0}
        ),
        span(1, 3, "save", 60, 90, 2, attributes={names.THREAD_QUEUED_MS: 60.0}),
    )
    assert found == {"threads": 0.6, "own": 0.3, "uncovered": 0.1}


def test_the_wait_of_a_call_without_a_span_is_known_by_its_sum():
    """The span that the work was submitted under has it."""
    attributes = {names.THREAD_CALLS: 2, names.THREAD_QUEUED_MS: 25.0}
    assert shares(server(**attributes)) == {"threads": 0.25, "uncovered": 0.75}


FIGURES = st.floats(0, 200)


@given(FIGURES, FIGURES, FIGURES, FIGURES)
def test_the_shares_add_up_to_one_whatever_was_measured(running, ready, queued, below):
    """A figure that is greater than the time it is a part of counts up to that time."""
    attributes = {**loop(running, ready), names.THREAD_QUEUED_MS: queued, names.THREAD_CALLS: 1}
    found = shares(
        server(**attributes), span(1, 2, "cook", 0, 50, 1, attributes=loop(below, ready))
    )
    assert all(each.expected >= 0 for each in found.values())


def test_a_request_inside_of_another_has_its_own_path():
    """The rows of its route begin with itself."""
    spans = [
        *request(1, name="GET /gateway/"),
        span(1, 5, REQUEST, 0, 40, 2, kind="server"),
        span(1, 6, "cook", 0, 30, 5),
    ]
    route = next(
        route for route in survey([trace(spans)]).as_dict()["routes"] if route["route"] == REQUEST
    )
    assert {tuple(row["path"]): row["s"] for row in route["self_time"]} == {
        (REQUEST, "cook"): 0.03,
        (REQUEST,): 0.01,
    }
