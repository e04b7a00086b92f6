"""The utilization of a loop whose load is known: at rest, in part, and full; on both loops."""

from __future__ import annotations

import asyncio
import socket
import time
from types import SimpleNamespace

import pytest
import uvloop

from overlap.instrument.loop.utilization import LATE_S, WINDOW_S, Utilization
from overlap.runtime.idle_time import idle_time

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
CLOSE = 0.03


@pytest.fixture(params=LOOPS)
def run(request):
    """A function that runs a coroutine on a loop of each kind."""

    def run(work):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.get_loop().set_debug(False)  # its own bookkeeping is a load, too
            return runner.run(work())

    return run


def close_to_the_load(run, work):
    """Whether the share that was measured is that of the load, in one of three runs.

    On a busy machine the loop's thread may wait for a processor outside the load's own steps.
    """
    runs = []
    for _ in range(3):
        share, load = run(work)
        runs.append((share, load))
        if abs(share - load) <= CLOSE:
            return True
    pytest.fail(f"share and load: {runs}")


async def loaded(busy_s, idle_s, turns):
    """Return the share that the loop was measured to run, and the share that the load ran.

    The load measures itself: on a busy machine a sleep takes longer than it was asked to.
    """
    measured = Utilization(asyncio.get_running_loop())
    began = time.perf_counter()
    measured.start(began)
    ran = 0.0
    for _ in range(turns):
        step = time.perf_counter()
        if busy_s:
            time.sleep(busy_s)  # noqa: ASYNC251  uses no processor, and fills the loop as much
        ran += time.perf_counter() - step
        await asyncio.sleep(idle_s)
    now = time.perf_counter()
    measured.mark(now)
    share = measured.share(now)
    measured.stop()
    return share, ran / (now - began)


@pytest.mark.parametrize(
    ("busy_s", "idle_s", "turns"),
    [(0, 0.3, 1), (0.01, 0.03, 12), (0.02, 0.02, 10), (0.05, 0.002, 8), (0.1, 0, 4)],
    ids=["at rest", "a quarter", "half", "nearly full", "full"],
)
def test_the_share_is_within_three_points_of_the_load(run, busy_s, idle_s, turns):
    """Whatever the callbacks do: here they sleep, which a processor's clock would not count."""
    assert close_to_the_load(run, lambda: loaded(busy_s, idle_s, turns))


def test_reading_sockets_counts_as_running(run):
    """A callback of a transport passes through no `call_soon`; the time it takes is measured."""

    class Slow(asyncio.Protocol):
        ran = 0.0

        def data_received(self, _data):
            began = time.perf_counter()
            time.sleep(0.02)
            Slow.ran += time.perf_counter() - began

    async def work():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            transport, _ = await loop.connect_accepted_socket(Slow, ours)
            idle = idle_time(loop)
            Slow.ran, began = 0.0, time.perf_counter()
            for _ in range(8):
                theirs.send(b"x")
                await asyncio.sleep(0.03)
            whole = time.perf_counter() - began
            transport.close()
            return 1 - idle.seconds() / whole, Slow.ran / whole

    assert close_to_the_load(run, work)


def test_the_loop_is_restored(run):
    """Nothing of ours stays on the selector."""

    async def work():
        loop = asyncio.get_running_loop()
        idle_time(loop).stop()
        return vars(loop._selector) if hasattr(loop, "_selector") else {}

    assert "select" not in run(work)


def test_a_loop_of_another_kind_is_not_measured(caplog):
    """It is logged once, and no share is reported."""
    loop = SimpleNamespace(is_closed=lambda: False, is_running=lambda: True)
    measured = Utilization(loop)
    measured.start(0.0)
    measured.mark(1.0)
    assert measured.share(2.0) is None
    assert "overlap.event_loop.utilization is not measured" in caplog.text


class Clock:
    """A loop and its idle time, both driven by the test."""

    def __init__(self, monkeypatch):
        self.idle = 0.0
        self.running = True
        name = "overlap.instrument.loop.utilization.idle_time"
        monkeypatch.setattr(name, lambda _loop: SimpleNamespace(seconds=lambda: self.idle))
        loop = SimpleNamespace(is_closed=lambda: False, is_running=lambda: self.running)
        self.measured = Utilization(loop)
        self.measured.start(0.0)

    def beat(self, now, idle):
        """The loop was idle for `idle` seconds until now."""
        self.idle = idle
        self.measured.mark(now)


def test_a_collection_covers_the_time_since_the_one_before(monkeypatch):
    """Each with a window of its own: half, then nothing, then all."""
    clock = Clock(monkeypatch)
    shares = [clock.measured.share(0.0)]
    for now, idle in ((5.0, 2.5), (10.0, 7.5), (15.0, 7.5)):
        clock.beat(now, idle)
        shares.append(clock.measured.share(now))
    assert shares == [None, 0.5, 0.0, 1.0]


def test_two_readers_do_not_shorten_each_others_windows(monkeypatch):
    """A second collection right after the first has the same window."""
    clock = Clock(monkeypatch)
    clock.measured.share(0.0)
    clock.beat(5.0, 4.0)
    first = clock.measured.share(5.0)
    clock.beat(5.1, 4.0)
    assert clock.measured.share(5.1) == pytest.approx(1 - 4.0 / 5.1)
    assert first == pytest.approx(0.2)
    clock.beat(5.1 + WINDOW_S, 4.0 + WINDOW_S)
    assert clock.measured.share(5.1 + WINDOW_S) == pytest.approx(0.0)


def test_a_loop_without_a_heartbeat_is_full(monkeypatch):
    """A callback that runs for minutes is seen while it runs."""
    clock = Clock(monkeypatch)
    clock.measured.share(0.0)
    clock.beat(1.0, 1.0)
    assert clock.measured.share(10.0) == pytest.approx(0.9)
    assert LATE_S < WINDOW_S


def test_a_loop_that_does_not_run_has_no_share(monkeypatch):
    """Between two calls of run_until_complete it is neither full nor empty."""
    clock = Clock(monkeypatch)
    clock.measured.share(0.0)
    clock.beat(5.0, 1.0)
    clock.running = False
    assert clock.measured.share(5.0) is None
