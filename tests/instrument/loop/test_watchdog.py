"""The watchdog on real loops: who blocks is named, who waits is linked, who is only busy is not."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
SEEN_WITHIN_S = 5.0
"""After its end a block waits a second at most for its last victims, and is sent."""


def fire(server, *paths):
    """Send requests at once, each on a connection of its own."""
    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(server.get, paths))


FUNCTIONS = {"sleep": "overcook", "python": "chew"}
"""Whose line is to blame, where the function is not called as the way to burn is."""


def blocks(sink, how="sleep"):
    """The blocks by what burns that way: on a busy machine there may be others."""
    name = FUNCTIONS.get(how, how)
    found = sink.named("event_loop.blocked")
    return [each for each in found if each.attributes.get("code.function.name") == name]


def burn(server, sink, how="sleep"):
    """Burn until it is seen: the span that burnt, its block, and for how many ms it was to burn.

    Time that the watchdog had no processor itself does not count, so that on a busy machine a
    short block may be none: then a longer one.
    """
    for seconds in (0.5, 1, 2, 4):
        server.get(f"/burn/?s={seconds}&how={how}")
        deadline = time.monotonic() + SEEN_WITHIN_S
        while time.monotonic() < deadline:
            spans = {span.span_id: span for span in sink.named("burning")}
            for block in blocks(sink, how):
                if block.parent_id in spans:
                    return spans[block.parent_id], block, seconds * 1000
            time.sleep(0.02)
    pytest.fail(f"no block by {how}; there are {sink.names()}")


def link_to(block, span):
    """A victim's one link to the block."""
    (link,) = (each for each in span.links if each.span_id == block.span_id)
    return link.attributes


def test_a_block_is_in_the_culprits_trace_with_its_line(server, sink):
    """The block is a child of the innermost span, and names the line that slept."""
    burning, block, ms = burn(server, sink)
    assert block.ms > 0.5 * ms
    assert block.start >= burning.start
    assert block.attributes["code.file.path"] == "smokesite/views.py"
    assert block.attributes["code.function.name"] == "overcook"
    assert "the line to blame" in block.attributes["code.stacktrace"].splitlines()[-1]
    assert block.attributes["thread.id"] == burning.attributes["thread.id"]
    assert block.attributes["overlap.blocked.victims"] == 0


def test_victims_and_block_link_to_one_another(server, sink, wait_until, tmp_path):
    """Requests in flight while the loop stands carry a link to the block, and it to them."""
    with ThreadPoolExecutor(3) as pool:
        began = [tmp_path / name for name in "ab"]
        waiting = [pool.submit(server.get, f"/wait/?s=4&began={each}") for each in began]
        wait_until(lambda: all(each.exists() for each in began))
        server.get("/burn/?s=1")
        assert all(each.result().status_code == 200 for each in waiting)
    (block,) = wait_until(lambda: blocks(sink))
    wait_until(lambda: len(sink.named("GET /wait/")) == 2)
    victims = sink.named("GET /wait/")
    assert {link.span_id for link in block.links} == {victim.span_id for victim in victims}
    assert {link.attributes["overlap.link"] for link in block.links} == {"victim"}
    for victim in victims:
        link = link_to(block, victim)
        assert link["overlap.link"] == "blocked_by"
        delay = link["overlap.victim.delay_ms"]
        assert 500 < delay < victim.ms
        assert victim.attributes["overlap.victim.delay_ms"] >= delay
        assert "overlap.victim.at_most" not in victim.attributes
        told = f"{block.trace_id}-{block.span_id}+{delay:.3f}"
        assert told in victim.attributes["overlap.victim.blocked_by"]
    assert block.span_id not in {link.span_id for link in sink.one("GET /burn/").links}


def test_a_busy_loop_is_late_but_not_blocked(server, sink, wait_until):
    """Many short steps: the lag metric tells, and there is no block to blame anyone for."""
    fire(server, *["/congested/"] * 3)
    wait_until(lambda: len(sink.named("GET /congested/")) == 3)
    wait_until(lambda: sink.points("overlap.event_loop.lag"))
    assert sink.named("event_loop.blocked") == []


def test_a_block_is_counted_in_seconds(server, sink, wait_until):
    """overlap.event_loop.blocked.time grows by what the loop stood still."""
    burn(server, sink)
    name = "overlap.event_loop.blocked.time"
    wait_until(lambda: [point for _, point in sink.points(name) if point.as_double > 0.3])


def test_threads_that_wait_are_no_block(server, sink):
    """A sync view sleeps in its thread: the loop goes on."""
    server.get("/sync/")
    sink.one("GET /sync/")
    assert sink.named("event_loop.blocked") == []


def test_computing_blocks_as_sleeping_does(server, sink):
    """Python code that never waits. (C code may hide from the watchdog: see loop.py.)"""
    _, block, _ = burn(server, sink, "python")
    assert block.attributes["code.function.name"] == "chew"


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("sleep", "sleep"),
        ("python", "cpu"),
        ("lock", "lock"),
        ("shell", "process"),
        ("knock", "network"),
        ("pipe", "file"),
        ("own_future", "loop_future"),
    ],
)
def test_what_held_the_loop_is_told(server, sink, how, kind):
    """From the innermost frame, and whether the thread computed."""
    _, block, _ = burn(server, sink, how)
    assert block.attributes["overlap.blocked.kind"] == kind


def test_a_block_begins_where_its_step_did(server, sink, wait_until):
    """Within 10 ms of the truth: not at the last heartbeat, nor where its span began."""
    server.get("/burn/?s=0.6&after=0.085")
    (block,) = wait_until(lambda: blocks(sink))
    truth = sink.one("burning").attributes["burns_since"]
    assert abs(block.start - truth) < 10_000_000


def test_a_full_collection_is_a_kind_of_its_own(server, sink):
    """Its share is recorded, and the line is what it interrupted: never one of gc.callbacks."""
    _, block, _ = burn(server, sink, "collect")
    assert block.attributes["overlap.blocked.kind"] == "collection"
    assert 0.5 * block.ms <= block.attributes["overlap.blocked.collection_ms"] <= block.ms
    assert "slow_hook" not in block.attributes["code.stacktrace"]


def test_a_block_without_a_collection_has_no_share(server, sink):
    """Nothing is recorded of what did not happen."""
    _, block, _ = burn(server, sink)
    assert "overlap.blocked.collection_ms" not in block.attributes


def test_requests_kept_out_are_victims_too(server, sink, wait_until, tmp_path):
    """Requests that arrive during a block and start after it are linked, with an upper bound."""
    address = (server.client.base_url.host, server.client.base_url.port)
    caller = server.client.headers["traceparent"]
    request = f"GET / HTTP/1.1\r\nHost: t\r\ntraceparent: {caller}\r\nConnection: close\r\n\r\n"
    with ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as connections:
        burning = pool.submit(server.get, f"/burn/?until={tmp_path / 'over'}")
        wait_until((tmp_path / "over-began").exists)
        # Connected and sent by the kernel, whatever the server does: only then may the block end.
        late = [connections.enter_context(socket.create_connection(address)) for _ in "ab"]
        for each in late:
            each.sendall(request.encode())
        time.sleep(1.1)  # what their delay must exceed
        (tmp_path / "over").touch()
        assert burning.result().status_code == 200
        answers = [each.makefile("rb").read() for each in late]
        assert all(each.startswith(b"HTTP/1.1 200 ") for each in answers)
    (block,) = wait_until(lambda: blocks(sink, "hold"))
    wait_until(lambda: len(sink.named("GET /")) == 2)
    victims = sink.named("GET /")
    assert {link.span_id for link in block.links} == {victim.span_id for victim in victims}
    assert block.attributes["overlap.blocked.victims"] == 2
    for victim in victims:
        link = link_to(block, victim)
        assert link["overlap.victim.at_most"] is True
        assert 1000 < link["overlap.victim.delay_ms"] < block.ms + 1


def test_a_request_after_the_burst_is_no_victim(server, sink):
    """The loop has caught up: who comes now waited for nothing."""
    _, block, _ = burn(server, sink)
    server.get("/")
    assert block.attributes["overlap.blocked.victims"] == 0
    assert block.span_id not in {link.span_id for link in sink.one("GET /").links}
