"""The watchdog on real loops: who blocks is named, who waits is linked, who is only busy is not."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)


def fire(server, *paths):
    """Send requests at once, each on a connection of its own."""
    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(server.get, paths))


def test_a_block_is_in_the_culprits_trace_with_its_line(server, sink):
    """The block is a child of the innermost span, and names the line that slept."""
    server.get("/burn/?s=0.5")
    burning, block = sink.one("burning"), sink.one("event_loop.blocked")
    assert block.parent_id == burning.span_id
    assert block.ms > 400
    assert block.start >= burning.start
    assert block.attributes["code.file.path"] == "smokesite/views.py"
    assert block.attributes["code.function.name"] == "overcook"
    assert "the line to blame" in block.attributes["code.stacktrace"].splitlines()[-1]
    assert block.attributes["thread.id"] == burning.attributes["thread.id"]
    assert block.attributes["overlap.blocked.victims"] == 0


def test_victims_and_block_link_to_one_another(server, sink, wait_until):
    """Requests in flight while the loop stands carry a link to the block, and it to them."""
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(server.get, "/wait/?s=1.2") for _ in "ab"]
        wait_until(
            lambda: (
                sink.points("http.server.active_requests")
                and sum(p.as_int for _, p in sink.points("http.server.active_requests")) == 2
            )
        )
        server.get("/burn/?s=0.5")
        assert all(each.result().status_code == 200 for each in waiting)
    block = sink.one("event_loop.blocked")
    wait_until(lambda: len(sink.named("GET /wait/")) == 2)
    victims = sink.named("GET /wait/")
    assert {link.span_id for link in block.links} == {victim.span_id for victim in victims}
    assert {link.attributes["overlap.link"] for link in block.links} == {"victim"}
    for victim in victims:
        (link,) = victim.links
        assert link.span_id == block.span_id
        assert link.attributes["overlap.link"] == "blocked_by"
        delay = link.attributes["overlap.victim.delay_ms"]
        assert 300 < delay < victim.ms
        assert victim.attributes["overlap.victim.delay_ms"] == delay
        assert "overlap.victim.at_most" not in victim.attributes
        assert victim.attributes["overlap.victim.blocked_by"] == (
            f"{block.trace_id}-{block.span_id}+{delay:.3f}"
        )
    assert sink.one("GET /burn/").links == []


def test_a_busy_loop_is_late_but_not_blocked(server, sink, wait_until):
    """Many short steps: the lag metric tells, and there is no block to blame anyone for."""
    fire(server, *["/congested/"] * 3)
    wait_until(lambda: len(sink.named("GET /congested/")) == 3)
    wait_until(lambda: sink.points("overlap.event_loop.lag"))
    assert sink.named("event_loop.blocked") == []


def test_a_block_is_counted_in_seconds(server, sink, wait_until):
    """overlap.event_loop.blocked.time grows by what the loop stood still."""
    server.get("/burn/?s=0.4")
    points = wait_until(lambda: sink.points("overlap.event_loop.blocked.time"))
    assert points[0][1].as_double > 0.3


def test_threads_that_wait_are_no_block(server, sink):
    """A sync view sleeps in its thread: the loop goes on."""
    server.get("/sync/")
    sink.one("GET /sync/")
    assert sink.named("event_loop.blocked") == []


def test_computing_blocks_as_sleeping_does(server, sink):
    """Python code that never waits. (C code may hide from the watchdog: see loop.py.)"""
    server.get("/burn/?s=0.4&how=python")
    block = sink.one("event_loop.blocked")
    assert block.attributes["code.function.name"] == "chew"
    assert block.parent_id == sink.one("burning").span_id


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("sleep", "sleep"),
        ("python", "cpu"),
        ("lock", "lock"),
        ("shell", "process"),
        ("knock", "network"),
        ("pipe", "file"),
    ],
)
def test_what_held_the_loop_is_told(server, sink, how, kind):
    """From the innermost frame, and whether the thread computed."""
    server.get(f"/burn/?s=0.5&how={how}")
    assert sink.one("event_loop.blocked").attributes["overlap.blocked.kind"] == kind


def test_requests_kept_out_are_victims_too(server, sink, wait_until):
    """Sent while the loop stood, begun only after: linked both ways, with how long at most."""
    with ThreadPoolExecutor(3) as pool:
        burning = pool.submit(server.get, "/burn/?s=1.5")
        time.sleep(0.5)  # the block is seen after a tenth of a second, whatever the machine does
        late = [pool.submit(server.get, "/") for _ in "ab"]
        assert all(each.result().status_code == 200 for each in [burning, *late])
    block = sink.one("event_loop.blocked")
    wait_until(lambda: len(sink.named("GET /")) == 2)
    victims = sink.named("GET /")
    assert {link.span_id for link in block.links} == {victim.span_id for victim in victims}
    assert block.attributes["overlap.blocked.victims"] == 2
    for victim in victims:
        (link,) = victim.links
        assert link.span_id == block.span_id
        assert link.attributes["overlap.victim.at_most"] is True
        assert 1000 < link.attributes["overlap.victim.delay_ms"] < block.ms + 1


def test_a_request_after_the_burst_is_no_victim(server, sink, wait_until):
    """The loop has caught up: who comes now waited for nothing."""
    server.get("/burn/?s=0.4")
    time.sleep(0.2)
    server.get("/")
    assert sink.one("event_loop.blocked").attributes["overlap.blocked.victims"] == 0
    assert sink.one("GET /").links == []
