"""Running, ready, awaiting: on real loops, with what keeps them busy."""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import pairwise

import pytest

from overlap.lens import running_here
from overlap.lens.seen_step import LONG_S, Seen

BURN_S = 0.05
NAP_S = 0.1


def test_the_three_add_up_to_the_span(lensed, keep):
    """What is neither running nor ready is awaiting, and nothing is counted twice."""

    async def work(tracer):
        with tracer.start_as_current_span("span"):
            keep(BURN_S)
            await asyncio.sleep(NAP_S)
            keep(BURN_S)

    span = lensed(work)["span"]
    assert span.running + span.ready + span.awaiting == pytest.approx(span.ms, abs=1)
    assert span.running >= 2000 * BURN_S - 1
    assert span.awaiting >= 500 * NAP_S


def test_what_is_after_the_end_of_a_span_is_no_part_of_it(lensed, keep):
    """Its end is read first: before the lens looks, the thread may be interrupted."""

    async def work(tracer):
        span = tracer.start_span("span")
        keep(0.01)
        end = time.time_ns()
        keep(BURN_S)
        span.end(end)

    span = lensed(work)["span"]
    assert span.running + span.ready + span.awaiting == pytest.approx(span.ms, abs=1)
    assert span.running <= span.longest + 0.01 <= span.ms + 0.02


def test_tasks_count_for_every_span_above_them(lensed, keep):
    """A gather: what its tasks run is added up, and an instant belongs to one of the three."""

    async def child(tracer, name):
        with tracer.start_as_current_span(name):
            await asyncio.sleep(0)
            keep(BURN_S)
            await asyncio.sleep(NAP_S)

    async def work(tracer):
        with tracer.start_as_current_span("above"):
            await asyncio.gather(child(tracer, "one"), child(tracer, "other"))

    spans = lensed(work)
    above, one, other = spans["above"], spans["one"], spans["other"]
    assert above.running >= one.running + other.running - 1
    assert above.running + above.ready + above.awaiting == pytest.approx(above.ms, abs=1)
    # One of them could have run, and had to wait for the other.
    assert max(one.ready, other.ready) >= 1000 * BURN_S - 2
    # But meanwhile the span above both was running.
    assert above.awaiting <= above.ms - 2000 * BURN_S


def test_who_sleeps_is_ready_when_the_time_is_up(lensed):
    """The loop stands for longer than a neighbour sleeps: the rest, the neighbour was ready."""

    async def sleeper(tracer):
        with tracer.start_as_current_span("sleeper"):
            await asyncio.sleep(NAP_S)

    async def work(tracer):
        task = asyncio.create_task(sleeper(tracer))
        await asyncio.sleep(0)
        time.sleep(3 * NAP_S)  # noqa: ASYNC251  the blocked loop is the point
        await task

    span = lensed(work)["sleeper"]
    assert span.ready >= 1000 * 1.9 * NAP_S
    assert span.running < span.ready
    assert 500 * NAP_S <= span.awaiting <= span.ms - span.ready + 1


def test_who_waits_for_another_task_is_ready_when_that_is_done(lensed, keep):
    """From the moment on at which the result is there, not from when the loop comes round."""

    async def waiter(tracer, future):
        with tracer.start_as_current_span("waiter"):
            await future

    async def work(tracer):
        future = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(waiter(tracer, future))
        await asyncio.sleep(0)
        began = time.perf_counter()  # it awaits by now, however long it took to come to that
        await asyncio.sleep(NAP_S)
        awaited = time.perf_counter() - began
        future.set_result(None)
        keep(BURN_S)
        await task
        return awaited

    span = lensed(work)["waiter"]
    assert span.ready >= 1000 * BURN_S - 1
    assert span.awaiting >= 1000 * lensed.result - 1


def test_the_longest_step_is_told_with_its_line(lensed, keep):
    """The longest without a break, and a line of the user's own in it."""

    async def work(tracer):
        with tracer.start_as_current_span("span"):
            await asyncio.sleep(0)
            keep(BURN_S)
            await asyncio.sleep(0)
            keep(2 * BURN_S)
            await asyncio.sleep(0)

    span = lensed(work)["span"]
    assert 2000 * BURN_S - 1 <= span.longest < span.running - 1000 * BURN_S + 1
    assert "test_steps.py:" in span.line
    assert "test_the_longest_step_is_told_with_its_line" in span.line


def test_a_long_step_that_was_seen_says_for_how_long_it_did_not_compute(lensed):
    """Both in one step: what the thread's own clock counts is computing, the rest is not."""

    async def work(tracer):
        steps = running_here()
        with tracer.start_as_current_span("span"):
            await asyncio.sleep(0)
            used = time.thread_time()
            steps.seen = Seen(steps.began, "v.py:3 in f", 0.0, time.perf_counter(), used)
            time.sleep(NAP_S)  # noqa: ASYNC251  the fault that is looked at
            while time.thread_time() < used + BURN_S:
                pass
            await asyncio.sleep(0)

    span = lensed(work)["span"]
    assert span.line == "v.py:3 in f"
    assert 1000 * NAP_S * 0.99 <= span.idle <= span.longest - 1000 * BURN_S + 1


def test_a_step_is_looked_at_again_when_its_time_has_doubled():
    """So its line is one of its second half; if it computes is asked from the first look on."""
    seen = Seen()
    began = 100.0
    assert not seen.is_due(began, began + 0.9 * LONG_S)
    looks = []
    for ms in range(1, 401):
        now = began + ms / 1000
        if seen.is_due(began, now):
            seen = seen.looked(began, now, 7.0, sys._getframe())
            looks.append(ms)
    assert looks[0] in (5, 6)
    assert all(2 * a <= b <= 2 * a + 1 for a, b in pairwise(looks))
    assert (seen.first, seen.last) == (began + looks[0] / 1000, began + looks[-1] / 1000)
    assert seen.used == 7.0
    assert seen.line_of(began).startswith("tests/lens/test_steps.py:")
    assert seen.line_of(began + 1) is None
    assert seen.idle(began + 1, 200.0) is None
    assert seen.is_due(200.0, 200.0 + 1.1 * LONG_S), "the next step is another one"


def test_a_requests_turns_of_the_loop_are_listed(lensed, keep):
    """Start and length in turn, in microseconds: they lie in the span and add up to its running."""

    async def work(tracer):
        with tracer.start_as_current_span("request"):
            keep(BURN_S)
            await asyncio.sleep(NAP_S)
            with tracer.start_as_current_span("inside"):
                keep(BURN_S)
                await asyncio.sleep(0)

    spans = lensed(work)
    turns = spans["request"].turns
    assert spans["inside"].turns is None
    starts, lengths = turns[::2], turns[1::2]
    assert len(starts) == len(lengths) >= 2
    assert all(length > 0 for length in lengths)
    assert list(starts) == sorted(starts)
    assert starts[-1] + lengths[-1] <= spans["request"].ms * 1000 + 1000
    assert sum(lengths) / 1000 == pytest.approx(spans["request"].running, abs=5)


def test_what_outlives_a_span_is_not_its_own(lensed, keep):
    """The figures are those of the span's own time."""

    async def later(tracer):
        await asyncio.sleep(0)
        with tracer.start_as_current_span("later"):
            await asyncio.sleep(NAP_S)
            keep(3 * BURN_S)

    async def work(tracer):
        with tracer.start_as_current_span("first"):
            task = asyncio.create_task(later(tracer))
            await asyncio.sleep(0.01)
        await task

    spans = lensed(work)
    assert spans["later"].running >= 3000 * BURN_S - 1
    assert spans["first"].running <= spans["first"].ms + 1
    assert spans["first"].longest < 1000 * BURN_S


def test_a_span_of_no_time_carries_no_figures(lensed):
    """There is nothing to tell, and a fast service pays for nothing."""

    async def work(tracer):
        tracer.start_span("short").end()

    assert lensed(work)["short"].running is None


def test_results_failures_and_cancellations_are_as_without(lensed):
    """Nothing stands between a task and its loop."""

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("no charcoal")

    async def work(tracer):
        with tracer.start_as_current_span("span"):
            task = asyncio.create_task(asyncio.sleep(60))
            await asyncio.sleep(0)
            task.cancel()
            found = await asyncio.gather(
                asyncio.sleep(0, "smoke"), fails(), task, asyncio.to_thread(int, "3"),
                return_exceptions=True,
            )  # fmt: skip
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.sleep(60), 0.01)
            return found

    assert lensed(work)["span"].awaiting > 0
    smoke, failure, cancelled, three = lensed.result
    assert (smoke, str(failure), three) == ("smoke", "no charcoal", 3)
    assert isinstance(cancelled, asyncio.CancelledError)
