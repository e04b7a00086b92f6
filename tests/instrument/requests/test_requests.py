"""A request is one server span, whatever it does."""

from __future__ import annotations

import json

import httpx
import pytest

SERVER = 2  # SPAN_KIND_SERVER
ERROR = 2  # STATUS_CODE_ERROR


def test_a_plain_request_is_one_server_span_named_by_its_route(server, sink):
    """The span has route, status and the new conventions, and started on the loop's thread."""
    server.get("/meats/7/?grams=40")
    span = sink.one("GET /meats/<int:pk>/")
    assert span.kind == SERVER
    assert span.attributes["http.route"] == "/meats/<int:pk>/"
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["http.request.method"] == "GET"
    assert span.attributes["url.path"] == "/meats/7/"
    assert span.attributes["url.query"] == "grams=40"
    assert span.attributes["server.address"] == "127.0.0.1"
    assert span.attributes["thread.name"] == "MainThread"
    assert span.resource["service.name"] == "smokesite"
    assert span.resource["service.instance.id"]
    assert span.resource["process.pid"] == server.process.pid


def test_the_root_is_named_with_its_slash(server, sink):
    """`GET /`, where the stock instrumentation says `GET`."""
    server.get("/")
    assert sink.one("GET /").attributes["http.route"] == "/"


def test_a_sync_view_runs_off_the_loop_under_a_span_on_the_loop(server, sink):
    """The server span's thread is the loop's, though the view has a thread of its own."""
    server.get("/sync/")
    assert sink.one("GET /sync/").attributes["thread.name"] == "MainThread"


def test_a_request_without_a_route_is_named_by_its_method(server, sink):
    """A 404 is no error of the server, and its path is no name."""
    server.get("/nowhere/")
    span = sink.one("GET")
    assert span.attributes["http.response.status_code"] == 404
    assert span.status != ERROR


def test_an_exception_is_on_the_span_once(server, sink):
    """A view that raises: status 500, error, and the exception with its message."""
    server.get("/boom/")
    span = sink.one("GET /boom/")
    assert span.status == ERROR
    assert span.attributes["http.response.status_code"] == 500
    exceptions = [attributes for name, attributes in span.events if name == "exception"]
    assert [each["exception.message"] for each in exceptions] == ["too hot"]


def test_a_stream_lasts_to_its_last_byte(server, sink):
    """Spans made while streaming are children of the server span, which ends after them."""
    assert server.get("/stream/").text == "0\n1\n2\n"
    span = sink.one("GET /stream/")
    parts = [sink.one(f"part {number}") for number in range(3)]
    assert {part.parent_id for part in parts} == {span.span_id}
    assert all(part.end <= span.end for part in parts)


def test_a_stream_that_breaks_is_an_error(server, sink):
    """The failure of a stream is told on the server span though the status went out before."""
    with pytest.raises(httpx.RemoteProtocolError):
        server.get("/broken-stream/")
    span = sink.one("GET /broken-stream/")
    assert span.status == ERROR
    assert span.attributes["error.type"] == "RuntimeError"


def test_durations_are_recorded_by_route_in_seconds(server, sink, wait_until):
    """http.server.request.duration has http.route and the status."""
    server.get("/meats/7/")
    points = wait_until(
        lambda: [
            (attributes, point)
            for attributes, point in sink.points("http.server.request.duration")
            if attributes.get("http.route") == "/meats/<int:pk>/"
        ]
    )
    attributes, point = points[0]
    assert attributes["http.response.status_code"] == 200
    assert 0 < point.sum / point.count < 5


def test_under_wsgi_a_request_is_one_span_too(starter, sink):
    """The same names and attributes, on the worker's thread; no thread hop is spoken of."""
    server = starter(by="waitress").within(sink.trace_id)
    assert server.get("/meats/7/").text == "meat 7"
    span = sink.one("GET /meats/<int:pk>/")
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["thread.name"].startswith("waitress")
    assert "overlap.sync_middleware" not in span.attributes
    assert server.get("/file/").text.startswith('"""One view')
    assert "error.type" not in sink.one("GET /file/").attributes
    assert server.get("/boom/").status_code == 500
    assert [name for name, _ in sink.one("GET /boom/").events] == ["exception"]
    assert server.client.post("/nowhere/").status_code == 404
    assert sink.one("POST").parent_id == "b7ad6b7169203331"
    server.client.close()


def test_a_trace_goes_on_from_the_caller(server, sink):
    """A traceparent header makes the server span a child of the caller's span."""
    server.get("/")  # the fixture sends the header
    assert sink.one("GET /").parent_id == "b7ad6b7169203331"


def test_each_event_is_once_on_its_span_and_once_a_record(server, sink, wait_until):
    """A structlog event: one line, one span event, one log record, all with one trace id."""
    server.get("/log/")
    span = sink.one("GET /log/")
    wait_until(lambda: len(sink.logs) >= 2, "two records")
    assert [name for name, _ in span.events] == ["rub applied"]
    expected = {
        "meat": "brisket",
        "grams": 40,
        "spices": ["salt", "pepper"],
        "odd": "<class 'object'>",
    }
    assert span.events[0][1] == expected
    records = [record for record in sink.logs if record.body == "rub applied"]
    assert len(records) == 1
    assert records[0].attributes == expected
    assert (records[0].trace_id, records[0].span_id) == (span.trace_id, span.span_id)
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    shown = [line for line in lines if line.get("trace_id") == span.trace_id]
    assert [line["event"] for line in shown] == ["rub applied", "running low on wood"]


def test_a_logging_record_is_shown_once_and_sent_once(serve, sink, wait_until):
    """The standard library's logging, with DEBUG on, where Django has a handler of its own."""
    server = serve(env={"SITE_DEBUG": "1"})
    server.get("/log/")
    server.get("/nowhere/")
    wait_until(lambda: [r for r in sink.logs if r.body.startswith("Not Found")])
    bodies = [record.body for record in sink.logs]
    for text in ("running low on wood", "Not Found: /nowhere/"):
        assert bodies.count(text) == 1
        assert server.log.count(text) == 1


def test_a_call_to_another_service_is_one_trace(server, sink):
    """The view's span, httpx's `GET` below it, and the other side's server span below that."""
    assert server.get("/upstream/").text == "meat 3"
    view, call, other = (
        sink.one("GET /upstream/"),
        sink.one("GET"),
        sink.one("GET /meats/<int:pk>/"),
    )
    assert call.parent_id == view.span_id
    assert other.parent_id == call.span_id


def test_a_file_is_one_span_to_its_last_byte(server, sink):
    """A synchronous stream under ASGI."""
    assert server.get("/file/").text.startswith('"""One view')
    assert "error.type" not in sink.one("GET /file/").attributes


def test_a_streams_first_part_is_timed(server, sink):
    """In milliseconds from the request's start."""
    server.get("/stream/")
    span = sink.one("GET /stream/")
    assert 0 < span.attributes["overlap.response.first_part_ms"] < span.ms


def test_a_synchronous_streams_first_part_comes_after_its_last_is_made(server, sink):
    """Under ASGI, where Django makes the whole of it before it sends any."""
    assert server.get("/sync-stream/").text == "0\n1\n2\n"
    span = sink.one("GET /sync-stream/")
    assert 60 <= span.attributes["overlap.response.first_part_ms"] <= span.ms
