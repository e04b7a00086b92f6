"""So many requests a second, and rest for the others."""

import asyncio

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap.lens import LensSpans, Steps
from overlap.lens.request_budget import Budget
from overlap.lens.steps import _run

NAP_S = 0.005
"""Longer than a span that is told of must be."""


def test_a_second_has_so_many():
    """What is left over is not kept for the next."""
    budget = Budget(2)
    assert [budget.take(10.0 + tenth / 10) for tenth in range(5)] == [True, True, *[False] * 3]
    assert [budget.take(11.0), budget.take(11.9), budget.take(11.95)] == [True, True, False]


def test_it_rests_until_the_second_is_over():
    """From when one was refused; whoever has a clock at hand wakes it."""
    budget = Budget(1)
    budget.take(10.0)
    assert not budget.resting
    budget.take(10.1)
    assert budget.resting
    budget.wake(10.9)
    assert budget.resting
    budget.wake(11.0)
    assert not budget.resting


@pytest.fixture
def told():
    """A function that serves requests, so many of a second looked at; spans' names and running."""

    def run(most, requests):
        provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
        provider.add_span_processor(LensSpans())
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer, queued = provider.get_tracer("tests"), []

        async def request(number):
            with tracer.start_as_current_span(f"request {number}"):
                await asyncio.sleep(NAP_S)
                with tracer.start_as_current_span(f"inner {number}"):
                    await asyncio.create_task(asyncio.sleep(NAP_S))

        async def main():
            loop = asyncio.get_running_loop()
            stock = loop.call_soon
            loop.call_soon = lambda callback, *args, **named: (
                queued.append(callback),
                stock(callback, *args, **named),
            )[1]
            steps = Steps(loop, most)
            steps.start()
            await asyncio.sleep(0)
            try:
                for number in range(requests):
                    await loop.create_task(request(number))
            finally:
                steps.stop()

        asyncio.run(main())
        # In debug mode, as a partial of it.
        timed = [callback for callback in queued if getattr(callback, "func", callback) is _run]
        figures = {
            span.name: "overlap.loop.running_ms" in span.attributes
            for span in exporter.get_finished_spans()
        }
        return figures, len(timed)

    return run


def test_what_it_passes_over_has_no_figures_and_no_timed_step(told):
    """Neither the request nor what is below it; only the first asks, which has to be timed."""
    figures, few = told(0, 6)
    assert set(figures.values()) == {False}
    figures, all_of_them = told(float("inf"), 6)
    assert len(figures) == 12
    assert set(figures.values()) == {True}
    # Those of main, up to the first request's refusal, and of that request's first step.
    assert few <= 4 < all_of_them


def test_who_is_looked_at_is_looked_at_to_the_end(told):
    """Rest begins at the next request."""
    figures, _ = told(1, 1)
    assert figures == {"request 0": True, "inner 0": True}
