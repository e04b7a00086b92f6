"""Steps of requests rest in a busy process none of whose requests lasts, and wake when one does."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from overlap.instrument.loop.steps_rest import LASTS, MOST_A_SECOND, NOTE_S, WINDOW_S, steps_rest
from overlap.instrument.requests.server_span import IN_FLIGHT
from overlap.lens import Steps
from overlap.recorder import active
from overlap.recorder.flight import REQUEST
from overlap.recorder.loop_steps import record_steps, wake
from overlap.recording import read

SLOW_S = 1.0


@pytest.fixture
def recorded(tmp_path):
    """A recorder of this process, and a function that reads its ring."""
    stop = active.start(active.Settings(tmp_path, "shop", megabytes=1.0, slow_s=SLOW_S))
    (ring,) = tmp_path.glob("*.ring")
    yield lambda: read(ring)
    stop()


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    loop.set_debug(False)  # there, asyncio looks into the callbacks
    yield loop
    loop.close()


@pytest.fixture
def in_flight():
    """Requests in progress, as the watchdog sees them: since when, and whether each is a stream."""

    def add(began, *, is_stream=False, is_asgi=True):
        one = SimpleNamespace(began=began, is_stream=is_stream, is_asgi=is_asgi)
        IN_FLIGHT[id(one)] = one

    yield add
    IN_FLIGHT.clear()


def requests(count):
    for _ in range(count):
        active.RECORDER.request_begins(1, 0.0)


def is_on(loop):
    return "call_soon" in vars(loop)


def busy(loop):
    """Return what decides for a loop, after a window with more requests than are recorded."""
    found = steps_rest(loop)
    now = time.perf_counter() + WINDOW_S
    requests(MOST_A_SECOND)
    found.look(now)
    assert not is_on(loop)
    return found, now


def test_a_process_with_few_requests_records_each_step(loop, recorded):
    """Two hundred a second are few."""
    undo = record_steps(loop)
    found, now = steps_rest(loop), time.perf_counter()
    for _ in range(4):
        now += WINDOW_S
        requests(int(MOST_A_SECOND * WINDOW_S) - 10)
        found.look(now)
        assert is_on(loop)
    undo()
    assert not is_on(loop)


def test_wake_ups_of_work_for_no_request_are_not_recorded(loop, recorded):
    """Its first step is, as a request may begin in it; what a request waits for is its own."""
    undo = record_steps(loop)

    async def work(number):
        REQUEST.set(number)
        for _ in range(3):
            await asyncio.sleep(0.001)
            time.sleep(0.001)  # noqa: ASYNC251  a step that is not too short

    loop.run_until_complete(work(0))
    assert recorded().other_steps <= 1
    number = active.RECORDER.request_begins(1, time.perf_counter())
    loop.run_until_complete(work(number))
    (request,) = recorded().requests
    assert len(request.steps) >= 3
    undo()


def test_steps_rest_in_a_busy_process_until_a_request_lasts(loop, recorded, in_flight):
    """A tenth of what is slow is long; a stream, and a request without a loop, may last."""
    undo = record_steps(loop)
    found, now = busy(loop)
    in_flight(now - 9, is_stream=True)
    in_flight(now - 9, is_asgi=False)
    in_flight(now - SLOW_S * LASTS + 0.01)
    found.look(now)
    assert not is_on(loop)
    found.look(now + 0.03)
    assert is_on(loop)
    IN_FLIGHT.clear()
    found.look(now + WINDOW_S)
    assert is_on(loop), "for a while after it has ended, too"
    undo()


def test_a_rest_is_written_down(loop, recorded, in_flight):
    """A reader knows that nothing was recorded, rather than that nothing happened."""
    undo = record_steps(loop)
    began = time.perf_counter()
    found, now = busy(loop)
    time.sleep(0.02)
    in_flight(now - 1)
    found.look(now)
    (rested,) = recorded().rests
    assert 0.015 <= rested.took_s <= time.perf_counter() - began
    IN_FLIGHT.clear()
    undo()


def test_a_long_rest_is_written_down_in_parts(loop, recorded):
    """So a killed process leaves no more than a second unsaid; the parts follow each other."""
    undo = record_steps(loop)
    found, now = busy(loop)
    requests(10 * MOST_A_SECOND)
    found.look(now + NOTE_S)
    requests(10 * MOST_A_SECOND)
    found.look(now + 2 * NOTE_S)
    first, second = recorded().rests
    assert second.at_ns == pytest.approx(first.at_ns + first.took_s * 1e9, abs=1000)
    undo()


def test_steps_are_recorded_while_the_lens_is_on(loop, recorded):
    """It stands on them: it is taken off first, and they wake before it."""
    undo = record_steps(loop)
    loop.run_until_complete(asyncio.sleep(0))
    lens = Steps(loop)
    lens.start()
    found = steps_rest(loop)
    requests(MOST_A_SECOND)
    found.look(time.perf_counter() + WINDOW_S)
    lens.stop()
    assert is_on(loop)
    found.look(time.perf_counter() + WINDOW_S)
    assert not is_on(loop)
    wake(loop)
    assert is_on(loop)
    undo()


def test_the_lens_wakes_the_steps_before_itself(loop, recorded):
    """Otherwise it would find nothing to stand on, and hide all other requests from the record."""
    undo = record_steps(loop)
    ours = vars(loop)["call_soon"]
    lens = Steps(loop, most_a_second=0)
    lens.start()
    loop.run_until_complete(asyncio.sleep(0))
    assert not lens.take_from_budget()
    assert vars(loop)["call_soon"] is ours
    found = steps_rest(loop)
    requests(MOST_A_SECOND)
    found.look(time.perf_counter() + WINDOW_S)
    assert not is_on(loop)
    lens.look(time.perf_counter() + 2, threading.get_ident())
    assert is_on(loop)
    assert vars(loop)["call_soon"] is not ours, "the lens is above"
    lens.stop()
    assert vars(loop)["call_soon"] is ours
    undo()


def test_what_another_library_puts_there_stays(loop, recorded):
    """A rest takes away nothing but our own."""
    undo = record_steps(loop)
    ours = vars(loop)["call_soon"]

    def theirs(*args, **named):
        return ours(*args, **named)

    loop.call_soon = theirs
    found = steps_rest(loop)
    requests(MOST_A_SECOND)
    found.look(time.perf_counter() + WINDOW_S)
    assert vars(loop)["call_soon"] is theirs
    undo()
    assert vars(loop)["call_soon"] is theirs


def test_a_loop_without_a_recorder_has_nothing_to_decide(loop):
    """Off by default."""
    assert active.RECORDER is None
    record_steps(loop)()
    assert steps_rest(loop) is None
