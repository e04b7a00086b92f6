"""Ours is on the loop while there is something to see, and whatever was there is back after."""

from __future__ import annotations

import asyncio
import time
from threading import get_ident

import pytest
from opentelemetry.sdk.trace import TracerProvider

from overlap.lens import LensSpans, Steps
from overlap.runtime.loop_methods import MethodReplacements


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def around(stock):
    def ours(*args, **named):
        return stock(*args, **named)

    return ours


def test_on_and_off(loop):
    """The loop's own method is not left as an attribute of the loop."""
    replacements = MethodReplacements(loop, {"call_soon": around})
    replacements.on()
    ours = vars(loop)["call_soon"]
    replacements.on()
    assert vars(loop)["call_soon"] is ours
    replacements.off()
    assert "call_soon" not in vars(loop)
    assert not replacements.is_on


def test_what_somebody_had_put_there_is_put_back(loop):
    """Theirs was below ours."""
    theirs = loop.call_soon = around(loop.call_soon)
    replacements = MethodReplacements(loop, {"call_soon": around})
    replacements.on()
    replacements.off()
    assert vars(loop)["call_soon"] is theirs


def test_what_somebody_has_put_around_ours_stays(loop):
    """Ours can't be taken from below theirs, and is not put on twice."""
    replacements = MethodReplacements(loop, {"call_soon": around})
    replacements.on()
    theirs = loop.call_soon = around(loop.call_soon)
    replacements.off()
    assert replacements.is_on
    replacements.on()
    assert vars(loop)["call_soon"] is theirs


@pytest.fixture
def watched():
    """Runs a coroutine function with a lens of so many a second on its loop, and a tracer."""

    def run(most, work):
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(LensSpans())

        async def main():
            steps = Steps(asyncio.get_running_loop(), most)
            steps.start()
            await asyncio.sleep(0)
            try:
                return await asyncio.create_task(work(steps, provider.get_tracer("tests")))
            finally:
                steps.stop()
                assert "call_soon" not in vars(asyncio.get_running_loop())

        return asyncio.run(main())

    return run


def test_the_loop_goes_without_it_from_the_first_that_is_refused(watched):
    """Once nobody is looked at any more; the next second brings it back."""

    async def work(steps, tracer):
        loop = asyncio.get_running_loop()
        first, second = tracer.start_span("first"), tracer.start_span("second")
        on = [steps._replacements.is_on]
        first.end()
        on.append(steps._replacements.is_on)
        tracer.start_span("third").end()
        second.end()
        own = vars(loop).get("call_soon")
        steps._budget._since -= 1  # a second goes by
        steps.look(time.perf_counter(), get_ident())
        on.append(steps._replacements.is_on)
        await asyncio.sleep(0)
        again = tracer.start_span("fourth")
        return on, own, again.overlap_account is not None

    # One a second: the second span is refused while the first is looked at.
    on, own, looks_again = watched(1, work)
    assert on == [True, False, True]
    assert own is None
    assert looks_again


def test_who_is_looked_at_keeps_it_on(watched):
    """However many are refused meanwhile."""

    async def work(steps, tracer):
        kept = tracer.start_span("kept")
        for _ in range(3):
            tracer.start_span("refused").end()
        before = steps._replacements.is_on
        await asyncio.sleep(0.002)
        kept.end()
        return before, steps._replacements.is_on, kept.attributes

    before, after, figures = watched(1, work)
    assert (before, after) == (True, False)
    assert "overlap.loop.running_ms" in figures


def test_it_is_not_put_on_a_loop_that_it_has_left(watched):
    """The watchdog's last look may come after."""

    async def work(steps, tracer):
        tracer.start_span("refused").end()
        assert not steps._replacements.is_on
        steps.stop()
        steps.look(time.perf_counter() + 1, 0)
        return steps._replacements.is_on

    assert watched(0, work) is False
