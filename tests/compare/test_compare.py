"""Two traces compared: what became concurrent, slower, new, and what it is called."""

import pytest

from overlap import names
from overlap.compare import compare, model
from overlap.compare.summary import sentence
from overlap.trace import Trace


@pytest.fixture
def in_a_row(span):
    """The work of `at_once`, one after another, at another route."""
    return Trace(
        "a" * 32,
        (
            span("r", 0, 3010, name="scenario smoke_sync"),
            span("c", 1, 3009, "r", name="GET", kind="client"),
            span("v", 5, 3005, "c", name="GET /smoke/sync/", kind="server"),
            span("x", 10, 2010, "v", name="get_smokables"),
            span("y", 2011, 3000, "v", name="get_flavor"),
        ),
    )


@pytest.fixture
def at_once(span):
    """Two awaits at once."""
    return Trace(
        "b" * 32,
        (
            span("1", 0, 2020, name="scenario smoke"),
            span("2", 1, 2019, "1", name="GET", kind="client"),
            span("3", 5, 2015, "2", name="GET /smoke/", kind="server"),
            span("4", 10, 2010, "3", name="get_smokables"),
            span("5", 11, 1000, "3", name="get_flavor"),
        ),
    )


def test_a_row_that_became_a_gather(in_a_row, at_once):
    """What now runs at once is named, whatever the routes and the lessons are called."""
    found = compare(in_a_row, at_once)
    assert [change.name for change in found.of(model.CONCURRENT)] == ["get_smokables", "get_flavor"]
    assert (found.gained, found.given_up) == (["concurrent"], ["serial"])
    assert found.of(model.APPEARED) == found.of(model.VANISHED) == []
    (server,) = [change for change in found.changes if change.name.startswith("GET /smoke/sync/")]
    assert server.name == "GET /smoke/sync/ / GET /smoke/"
    assert server.what == [model.FASTER]
    assert server.a_path == ["scenario smoke_sync", "GET", "GET /smoke/sync/"]
    assert server.b_path == ["scenario smoke", "GET", "GET /smoke/"]
    assert sentence(found) == (
        "Now at once: get_smokables and get_flavor; "
        "the whole takes 2.0 s instead of 3.0 s, 33% less."
    )


def test_the_other_way_round(in_a_row, at_once):
    """From B to A it is called the opposite."""
    found = compare(at_once, in_a_row)
    assert [change.name for change in found.of(model.NOT_CONCURRENT)] == [
        "get_smokables",
        "get_flavor",
    ]
    assert sentence(found).startswith("No longer at once: get_smokables and get_flavor; ")


def test_what_is_told_of_the_same(at_once):
    """A trace beside itself: nothing differs."""
    found = compare(at_once, at_once)
    assert found.same
    assert found.as_dict()["same"] is True
    assert sentence(found) == "Nothing differs."


def test_small_differences_are_not_told(span):
    """Two runs of the same work differ by a tenth, or by two milliseconds."""
    one = Trace("a", (span("r", 0, 100, name="v"), span("q", 1, 2, "r", name="q")))
    other = Trace("b", (span("r", 0, 109, name="v"), span("q", 1, 3.9, "r", name="q")))
    assert compare(one, other).same


def test_a_query_for_each_row(span):
    """One query that became thirty is more often and slower, told once."""
    one = Trace("a", (span("r", 0, 100, name="v"), span("q", 1, 11, "r", name="SELECT")))
    many = (span(f"q{i}", i * 3, i * 3 + 2, "r", name="SELECT") for i in range(30))
    found = compare(one, Trace("b", (span("r", 0, 100, name="v"), *many)))
    (change,) = found.changes
    assert change.what == [model.MORE, model.SLOWER]
    assert (change.a_count, change.b_count, change.a_ms, change.b_ms) == (1, 30, 10.0, 60.0)


def test_what_appears_is_told_at_its_top(span):
    """With how many spans came below it, not each of them."""
    one = Trace("a", (span("r", 0, 100, name="v"),))
    below = (span("n", 1, 50, "r", name="new"), *(span(f"b{i}", 2, 3, "n") for i in range(4)))
    found = compare(one, Trace("b", (span("r", 0, 100, name="v"), *below)))
    (change,) = found.changes
    assert (change.what, change.a_path, change.below) == ([model.APPEARED], None, 4)
    assert sentence(found) == "The whole takes as long, 100 ms; new: new."


def test_work_moves_past_the_response_and_to_a_thread(span):
    """Where work went is told of its own span."""

    def thread(number):
        return {names.THREAD_ID: number, names.THREAD_NAME: f"t{number}"}

    view = span("v", 0, 100, name="v", kind="server", attributes=thread(1))
    one = Trace("a", (view, span("w", 10, 90, "v", name="w", attributes=thread(1))))
    gone = span("w", 10, 190, "v", name="w", attributes=thread(2), status="error")
    (change,) = compare(one, Trace("b", (view, gone))).changes
    assert change.what == [model.BACKGROUND, model.OFFLOADED, model.FAILED, model.SLOWER]


def test_a_loop_that_stands_no_more(span):
    """How long the loop stood is told of the whole."""
    where = {names.CODE_FILE_PATH: "views.py", names.CODE_LINE_NUMBER: 3}
    view = span("v", 0, 500, name="v", kind="server")
    block = span("b", 10, 490, "v", name=names.SPAN_BLOCKED, attributes=where)
    found = compare(Trace("a", (view, block)), Trace("b", (view,)))
    assert found.given_up == ["blocking"]
    assert sentence(found) == (
        "The whole takes as long, 500 ms; the event loop is blocked for no time instead of 480 ms."
    )


def test_a_trace_without_spans(at_once):
    """Nothing beside something is no error."""
    found = compare(Trace("a", ()), at_once)
    assert [change.what for change in found.changes] == [[model.APPEARED]]
    assert compare(Trace("a", ()), Trace("b", ())).same
