"""Reading a recording: its figures, its requests as traces, and files that are none."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from overlap import verdict
from overlap.errors import OverlapError
from overlap.recorder import layout
from overlap.recording import read, summary, traces
from overlap.recording.causes import cause
from overlap.recording.model import Connection, Request
from overlap.recording.otlp import lines
from overlap.recording.read import parse
from overlap.recording.report import report
from overlap.trace import read as read_traces

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_the_figures_of_a_request_are_added_up(flight):
    """Running and ready time of its steps, its threads, and the line of its longest step."""
    found = summary(read(flight))
    (row,) = found.slowest
    assert (row.name, row.trace_id, row.status, row.steps) == ("GET /smoke/", TRACE, 200, 2)
    assert row.ms == pytest.approx(400, abs=0.1)
    assert row.running_ms == pytest.approx(163, abs=0.1)
    assert row.ready_ms == pytest.approx(5, abs=0.1)
    assert row.threads_ms == pytest.approx(120, abs=0.1)
    assert row.line == "views.py:9 in smoke"
    assert found.reason == "a request was slow"
    assert found.collections_ms == pytest.approx(20, abs=0.1)


def test_hops_are_added_up_by_route_and_cause(flight):
    """Calls, requests, and milliseconds in the queue and running."""
    (hop,) = summary(read(flight)).hops
    assert (hop.route, hop.cause, hop.calls, hop.requests) == ("GET /smoke/", "ORM", 1, 1)
    assert (hop.queued_ms, hop.running_ms) == pytest.approx((20, 100), abs=0.1)


def test_a_connection_is_closed_kept_or_leaked(flight):
    """Open after its request: kept. Found by the garbage collector: leaked."""
    (row,) = summary(read(flight)).connections
    assert (row.opened, row.closed, row.kept, row.leaked) == (2, 0, 1, 1)
    assert row.connect_ms == pytest.approx(20, abs=0.1)


def test_waits_for_a_pool_say_who_waited(flight):
    """And whether the wait was given up."""
    (wait,) = summary(read(flight)).pool_waits
    assert (wait["pool"], wait["request"], wait["given_up"]) == ("pool-1", "GET /smoke/", True)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("receivers shop.signals.count", "receivers"),
        ("shop.middleware.Old.process_request", "middleware hook"),
        ("django.db.models.query.QuerySet.afirst", "ORM"),
        ("shop.models.Meats.QuerySet.first", "ORM"),
        ("django.core.handlers.exception.response_for_exception", "error page"),
        ("django.http.response.HttpResponseBase.close", "closing the response"),
        ("django.core.handlers.exception.convert_exception_to_response.<locals>.inner",
         "sync middleware"),
        ("shop.middleware.old (sync middleware)", "sync middleware"),
        ("django.utils.log.log_response", "log line of an error"),
        ("overlap.lean.thread_lease.Lease.with_reset.<locals>.work_and_reset",
         "closing the response"),
        ("shop.views.smoke", "sync code"),
    ],
)  # fmt: skip
def test_a_cause_is_read_from_the_functions_name(function, why):
    """As Django and asgiref call it."""
    assert cause(function) == why


def test_a_request_is_a_trace_that_the_verdict_judges(flight):
    """Without one span of the lens: the block, its line, and what the rest of the time was."""
    (trace,) = traces(read(flight))
    found = verdict(trace)
    assert trace.trace_id == TRACE
    assert "blocking" in found.shapes
    (block,) = found.blocked
    assert "views.py:8 in overcook" in block.culprit
    root = trace.spans[0]
    assert root.attributes["overlap.loop.running_ms"] == pytest.approx(162, abs=0.2)
    assert root.attributes["overlap.loop.turns"].startswith("0+")
    assert root.attributes["overlap.loop.longest_step.line"] == "views.py:9 in smoke"


def rewritten(flight, *records):
    """Return the recording with records added, their times after the request's begin, in s."""
    content = bytearray(flight.read_bytes())
    (*_, began) = layout.BEGIN.unpack_from(content, layout.FIRST)
    for number, (kind, request, after, took, name) in enumerate(records, 50):
        at = layout.FIRST + number * layout.SIZE
        layout.RECORD.pack_into(content, at, kind, 0, 0, request, 0, began + after, 0.0, took, name)
    return parse(bytes(content))


@pytest.mark.parametrize(("took", "has_figures"), [(0.06, True), (0.1, False)])
def test_a_request_whose_steps_rested_says_for_how_long(flight, took, has_figures):
    """A fifth of it, and it has no figures of the loop: they would be too small."""
    found = rewritten(flight, (layout.RESTED, 0, -1.0, 1.0 + took, 0))
    (trace,) = traces(found)
    figures = trace.spans[0].attributes
    assert figures["overlap.recorder.rested_ms"] == pytest.approx(took * 1000, abs=0.1)
    assert ("overlap.loop.running_ms" in figures) is has_figures
    assert summary(found).rested_ms == pytest.approx(1000 + took * 1000, abs=0.1)
    console = Console(record=True, file=io.StringIO(), width=120)
    console.print(report(summary(found)))
    assert "note: steps were not recorded for 1." in console.export_text()


def test_a_block_of_a_request_is_its_own_whatever_steps_are_recorded(flight):
    """The watchdog knows whose it was; one of another request is not this one's."""
    found = rewritten(flight, (layout.BLOCK, 1, 0.3, 0.01, 0), (layout.BLOCK, 2, 0.201, 0.01, 0))
    (trace,) = traces(found)
    blocks = [span for span in trace.spans if span.name == "event_loop.blocked"]
    assert [round((span.end_ns - span.start_ns) / 1e6) for span in blocks] == [150, 10]
    assert blocks[1].start_ns - trace.spans[0].start_ns == pytest.approx(300e6, abs=1e6)


def test_traces_are_written_as_every_reader_takes_them(flight):
    """OTLP JSON lines: the same spans come back."""
    made = [*traces(read(flight))]
    (again,) = read_traces("".join(f"{line}\n" for line in lines(made)).encode())
    assert {span.span_id: span.name for span in again.spans} == {
        span.span_id: span.name for span in made[0].spans
    }
    assert again.spans[0].service == "shop"
    assert json.loads(next(lines(made)))["resourceSpans"]


def test_what_is_half_written_is_left_out_and_counted(flight):
    """A killed process was writing: one record has no time that can be."""
    content = bytearray(flight.read_bytes())
    layout.RECORD.pack_into(
        content, layout.FIRST + 50 * layout.SIZE, layout.STEP, 0, 0, 1, 1, float("nan"), 0, 0, 0
    )
    found = parse(bytes(content))
    assert found.left_out == 1
    assert len(found.requests[0].steps) == 2


def test_a_request_whose_begin_was_overwritten_has_no_trace(flight):
    """Its figures are there; nothing says which trace it was."""
    content = bytearray(flight.read_bytes())
    content[layout.FIRST] = 0
    found = parse(bytes(content))
    assert found.requests[0].trace_id == ""
    assert [*traces(found)] == []
    assert summary(found).slowest[0].name == "GET /smoke/"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: b"", "is no recording of overlap's flight recorder"),
        (lambda content: content[:1000], "is no recording of overlap's flight recorder"),
        (lambda content: b"\x7fELF" + content[4:], "is no recording of overlap's flight recorder"),
        (lambda content: content[:8] + b"\x02" + content[9:], "has version 2"),
        (lambda content: content[:20] + bytes(20) + content[40:], "its head can't be right"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(flight, change, said):
    """Another file, half a file, a later version, a damaged head."""
    with pytest.raises(OverlapError, match=said):
        parse(change(flight.read_bytes()), "a.flight")


def test_connections_are_added_up_by_the_requests_that_opened_them(flight):
    """By a request's name, no request, or before the recording. The example is a leak's."""
    recording = read(flight)
    closed = Connection(1, "default in lean-1_0", 1, 0.0, closed_ns=2)
    earlier = Connection(0, "default in lean-1_0", 0, 0.0, closed_ns=2)
    nobodys = Connection(1, "default in MainThread", 0, 0.0)
    other = Request(2, 1, "b" * 32, 0.1, "GET /smoke/")
    recording.requests.append(other)
    recording.connections += [closed, earlier, nobodys, Connection(1, closed.alias, 2, 0.0)]
    found = {(row.alias, row.request): row for row in summary(recording).connections_by_request}
    row = found[closed.alias, "GET /smoke/"]
    assert (row.opened, row.closed, row.kept, row.leaked) == (4, 1, 2, 1)
    assert row.trace_id == TRACE
    assert found[earlier.alias, "(before the recording)"].closed == 1
    assert found[nobodys.alias, "(no request)"].kept == 1


def test_the_example_of_a_row_is_a_request_that_leaked(flight):
    """Rather than one whose connection was kept, and that rather than one that closed it."""
    recording = read(flight)
    recording.requests += [Request(number, 1, f"{number}" * 32, 0.1, "GET /") for number in (2, 3)]
    recording.connections = [
        Connection(1, "a", 2, 0.0),
        Connection(1, "a", 3, 0.0, closed_ns=2, is_dropped=True),
        Connection(1, "b", 2, 0.0, closed_ns=2),
        Connection(1, "b", 3, 0.0),
    ]
    found = {row.alias: row.trace_id for row in summary(recording).connections_by_request}
    assert found == {"a": "3" * 32, "b": "3" * 32}
