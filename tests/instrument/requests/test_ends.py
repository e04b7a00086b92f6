"""However a request ends, its span says so, and nothing stays open. On every server."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

pytestmark = pytest.mark.parametrize("server", ["asyncio", "uvloop", "hypercorn"], indirect=True)

ERROR = 2  # STATUS_CODE_ERROR
MB = 1024 * 1024


@pytest.fixture
def quiet(server, sink, wait_until):
    """A function that holds the server to account for what it did since the test began."""
    before = len(server.log)

    def quiet():
        wait_until(
            lambda: {p.as_int for _, p in sink.points("http.server.active_requests")} == {0},
            "no active request",
        )
        since = server.log[before:]
        assert "Failed to detach" not in since
        assert "Traceback" not in since

    return quiet


def see(server):
    """Return once the server has seen whatever was sent before."""
    for _ in "ab":
        httpx.get(f"{server.url}/sync/", verify=False)  # noqa: S501


def raw(server, sink, head, *, then=None):
    """Send bytes as they are, on a connection of their own; the answer, or None where cut off."""
    address = urlsplit(server.url)
    lines = [*head, f"traceparent: 00-{sink.trace_id}-b7ad6b7169203331-01", "", ""]
    with socket.create_connection((address.hostname, address.port), timeout=20) as peer:
        peer.sendall("\r\n".join(lines).encode("latin-1"))
        if then is None:
            return peer.recv(65536)
        then(peer)
        # Away without a goodbye, as when a cable is pulled out.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return None


@pytest.mark.parametrize("path", ["/sleepy/", "/slow/", "/endless/"])
def test_a_client_that_goes_away_ends_the_span(server, sink, quiet, path):
    """In an async view, in a sync one, in a stream: the span says so, the log says nothing."""
    with suppress(httpx.ReadTimeout), server.client.stream("GET", path, timeout=0.2) as answer:
        next(answer.iter_bytes())
    span = sink.one(f"GET {path}")
    assert span.attributes["error.type"] == "client.disconnected"
    assert [name for name, _ in span.events] == ["client.disconnected"]
    quiet()
    if path == "/slow/":
        assert sink.one("off the loop").parent_id == span.span_id
    assert server.get("/").text == "hello"


def test_work_that_goes_on_after_a_disconnect_is_timed(server, sink, quiet):
    """A sync iterator runs in a thread, which notices no cancellation: marked, with how long."""
    with suppress(httpx.ReadTimeout):
        server.get("/slow-sync-stream/", timeout=0.2)
    span = sink.one("GET /slow-sync-stream/")
    assert span.attributes["error.type"] == "client.disconnected"
    assert [name for name, _ in span.events] == ["client.disconnected"]
    after = span.attributes["overlap.response.after_disconnect_ms"]
    assert 300 < after < span.ms
    assert "overlap.response.after_disconnect_ms" not in whole_stream(server, sink).attributes
    quiet()


def whole_stream(server, sink):
    """The span of a response that was read to its end."""
    assert server.get("/sync-stream/").text == "0\n1\n2\n"
    return sink.one("GET /sync-stream/")


def test_a_client_that_goes_before_its_body_has_come_is_a_span(server, sink, quiet):
    """Django never makes a request of it; there is a span, from its first line to its end."""
    head = ["POST /upload/ HTTP/1.1", "Host: smokehouse", "Content-Length: 1000000"]

    def a_little(peer):
        peer.sendall(b"a little")
        see(server)

    raw(server, sink, head, then=a_little)
    span = sink.one("POST")
    assert span.attributes["error.type"] == "client.disconnected"
    assert span.attributes["url.path"] == "/upload/"
    assert "http.response.status_code" not in span.attributes
    quiet()


def test_a_large_body_is_within_the_span(server, sink, quiet):
    """Ten megabytes: the span begins when the request comes in, not when all of it is there."""
    last_part_at = 0

    def body():
        nonlocal last_part_at
        yield b"x" * MB
        see(server)
        last_part_at = time.time_ns()
        yield b"x" * 9 * MB

    assert server.client.post("/upload/", content=body()).text == str(10 * MB)
    span = sink.one("POST /upload/")
    assert span.start < last_part_at < span.end
    quiet()


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/nowhere/", 404, "POST"),
        ("/only-get/", 405, "POST /only-get/"),
        ("/moved/", 302, "POST /moved/"),
    ],
)
def test_a_refusal_is_no_error_of_the_server(server, sink, path, status, name):
    """404, 405 and redirects have their status, and their route where one was found."""
    assert server.client.post(path).status_code == status
    span = sink.one(name)
    assert span.attributes["http.response.status_code"] == status
    assert span.status != ERROR
    assert "error.type" not in span.attributes


@pytest.mark.parametrize("path", ["/", "/stream/", "/file/"])
def test_a_head_request_has_no_body_and_a_whole_span(server, sink, quiet, path):
    """The answer stops at its headers; the span ends all the same."""
    assert server.client.head(path).content == b""
    assert sink.one(f"HEAD {path}").attributes["http.response.status_code"] == 200
    quiet()


@pytest.mark.parametrize(("where", "says"), [("in", "not today"), ("out", "not like this")])
def test_a_middleware_that_raises_is_an_error(server, sink, where, says):
    """On the way in there is no route yet; the exception is on the span once."""
    assert server.get("/", headers={"X-Touchy": where}).status_code == 500
    span = sink.one("GET" if where == "in" else "GET /")
    assert span.status == ERROR
    assert span.attributes["http.response.status_code"] == 500
    exceptions = [attributes for name, attributes in span.events if name == "exception"]
    assert [each["exception.message"] for each in exceptions] == [says]


def test_a_websocket_is_refused_without_harm(server, sink):
    """Django serves none; the server says no, and goes on."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key]
    answer = raw(server, sink, ["GET / HTTP/1.1", "Host: smokehouse", *upgrade])
    assert b" 101 " not in answer.split(b"\r\n")[0]
    server.get("/meats/2/")
    sink.one("GET /meats/<int:pk>/")
    assert "GET /" not in sink.names()


def test_hostile_trace_headers_change_nothing(server, sink, wait_until):
    """Nonsense in trace headers starts a trace of its own."""
    agent = f"hostile {sink.trace_id}"
    hostile = {
        "traceparent": "00-zz-zz-01",
        "tracestate": "=" * 4000,
        "baggage": "%%%;,=" * 500,
        "user-agent": agent,
    }
    assert server.get("/", headers=hostile).status_code == 200
    (span,) = wait_until(
        lambda: [
            s for s in sink.everybody.spans if s.attributes.get("user_agent.original") == agent
        ]
    )
    assert (span.name, span.parent_id) == ("GET /", "")


@pytest.mark.parametrize("traceparent", ["", "00", "ff-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_bad_traceparent_is_no_parent(server, sink, wait_until, traceparent):
    """Empty, cut off, all zeros."""
    agent = f"bad {traceparent} {sink.trace_id}"
    server.get("/", headers={"traceparent": traceparent, "user-agent": agent})
    (span,) = wait_until(
        lambda: [
            s for s in sink.everybody.spans if s.attributes.get("user_agent.original") == agent
        ]
    )
    assert (span.name, span.parent_id) == ("GET /", "")


def test_a_long_tracestate_is_handed_on_or_dropped_but_the_trace_goes_on(server, sink):
    """A tracestate that is too long or wrong does not cost the parent."""
    server.get("/", headers={"tracestate": ",".join(f"vendor{n}=x" for n in range(60))})
    assert sink.one("GET /").parent_id == "b7ad6b7169203331"


def test_a_header_of_64_kb_hurts_nobody(server, sink, wait_until):
    """It is served or refused, as the server's limits are; a port no number can hold, too."""
    answer = raw(
        server, sink, ["GET /meats/4/ HTTP/1.1", "Host: a:" + "9" * 40, "X-Long: " + "x" * 65536]
    )
    status = int(answer.split()[1])
    if status == 200:
        span = sink.one("GET /meats/<int:pk>/")
        assert span.attributes["server.address"].startswith("a:")
    else:
        assert status in (400, 431)
    assert server.get("/").text == "hello"
    sink.one("GET /")


def test_a_target_that_is_no_text_is_refused(server, sink):
    """By the server; what reaches Django all the same is tested in test_asgi_scope.py."""
    answer = raw(server, sink, ["GET /?q=\xff HTTP/1.1", "Host: smokehouse"])
    assert answer.split()[1] == b"400"
    assert server.get("/").text == "hello"
