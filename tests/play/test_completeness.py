import pytest

from overlap import names
from overlap.play.completeness import missing
from overlap.trace import Span, Trace


def span(span_id, parent_id=None, **fields):
    return Span("t", span_id, fields.pop("name", span_id), 0, 1, parent_id, **fields)


ROOT = span("root")
CLIENT = span("client", "root", kind="client")
SERVER = span("server", "client", kind="server")
STARTED = span("s", "server", name=names.SPAN_TASK_STARTED, attributes={
    names.TASK_ID: "1", names.TASK_NAME: "wash up"})  # fmt: skip
RUNNING = span("task", "server", attributes={names.TASK_ID: "1"})
ENDED = span("task", "server", attributes={names.TASK_ID: "1", names.TASK_END: names.TASK_DONE})


def lacks(*spans, wait_for=None):
    return list(
        missing(Trace("t", spans), root_id="root", answered=["client"], wait_for=wait_for or {})
    )


def test_a_whole_trace_lacks_nothing():
    """The root, every answered request's server span, every parent."""
    assert lacks(ROOT, CLIENT, SERVER, STARTED, ENDED, wait_for={"server": 1}) == []


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ((), ["the scenario's own root span", "the server spans of 1 answered request"]),
        ((ROOT, CLIENT), ["the server spans of 1 answered request"]),
        ((ROOT, SERVER), ["1 span that others name as parent"]),
        ((ROOT, CLIENT, SERVER, STARTED), ["the end of the task wash up"]),
        ((ROOT, CLIENT, SERVER, STARTED, RUNNING), ["the end of the task wash up"]),
    ],
)
def test_what_is_still_to_come_is_named(spans, words):
    """In words a reader of the progress display understands."""
    assert lacks(*spans) == words


def test_a_count_that_is_not_reached_is_named():
    """How many there must be, and how many there are."""
    assert lacks(ROOT, CLIENT, SERVER, wait_for={"tick": 5}) == ["5 of tick, 0 seen"]
