"""Work in threads: the queue and the running apart, whoever gives it out."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap import verdict
from overlap.instrument.calls.thread_attributes import ThreadAttributes
from overlap.lens import ThreadSpans
from overlap.lens.threads import Work, figures
from overlap.telemetry.export.encoding import encode_spans
from overlap.trace import read

WORK_S = 0.1


@pytest.fixture
def traced():
    """A tracer, and a function that gives back what it traced."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = InMemorySpanExporter()
    for processor in (ThreadAttributes(), ThreadSpans(), SimpleSpanProcessor(exporter)):
        provider.add_span_processor(processor)
    stock = ThreadPoolExecutor.submit
    yield provider.get_tracer("tests"), exporter.get_finished_spans
    provider.shutdown()
    assert ThreadPoolExecutor.submit is not stock


def work(tracer):
    with tracer.start_as_current_span("work"), tracer.start_as_current_span("inside"):
        time.sleep(WORK_S)


async def with_to_thread(tracer):
    await asyncio.gather(*(asyncio.to_thread(work, tracer) for _ in range(3)))


async def with_run_in_executor(tracer):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as one:
        await asyncio.gather(
            *(
                loop.run_in_executor(one, contextvars.copy_context().run, work, tracer)
                for _ in range(3)
            )
        )


async def with_sync_to_async(tracer):
    async with ThreadSensitiveContext():
        await asyncio.gather(*(sync_to_async(work)(tracer) for _ in range(3)))


def play(traced, run):
    tracer, finished = traced

    async def main():
        with tracer.start_as_current_span("request"):
            await run(tracer)

    asyncio.run(main())
    spans = finished()
    (request,) = [span for span in spans if span.name == "request"]
    parts = sorted((span for span in spans if span.name == "work"), key=lambda s: s.start_time)
    assert not any(
        "overlap.thread.queued_ms" in span.attributes for span in spans if span.name == "inside"
    )
    return spans, request.attributes, [part.attributes for part in parts]


@pytest.mark.parametrize("run", [with_run_in_executor, with_sync_to_async])
def test_one_thread_for_three_is_a_queue(traced, run):
    """Each waits for those before it; the request has both times, added up."""
    _, request, parts = play(traced, run)
    queued = [part["overlap.thread.queued_ms"] for part in parts]
    assert queued[1] >= 900 * WORK_S
    assert queued[2] >= queued[1] + 900 * WORK_S
    assert request["overlap.thread.calls"] == 3
    assert request["overlap.thread.queued_ms"] == pytest.approx(sum(queued), abs=0.01)
    (function,) = request["overlap.thread.functions"].splitlines()
    assert float(function.split()[0]) == pytest.approx(request["overlap.thread.running_ms"])
    assert function.split()[1] == f"{__name__}.work"
    assert request["overlap.thread.running_ms"] >= 3000 * WORK_S - 1
    sensitive = run is with_sync_to_async
    assert all(part.get("overlap.thread.sensitive", False) is sensitive for part in parts)


def test_a_thread_each_is_no_queue(traced):
    """asyncio's own pool makes a thread where none is idle."""
    _, request, parts = play(traced, with_to_thread)
    assert len(parts) == 3
    assert request["overlap.thread.queued_ms"] < request["overlap.thread.running_ms"]
    assert {part["thread.id"] for part in parts} != {parts[0]["thread.id"]}


def test_the_verdict_says_why_a_gather_was_a_row(traced):
    """From the spans alone, sent and read as they are."""
    spans, _, _ = play(traced, with_sync_to_async)
    (trace,) = read(encode_spans(spans))
    said = [reason.text for reason in verdict(trace).why]
    assert any(
        text.startswith(
            "3 x work ran one after another although requested at once: "
            "thread-sensitive work of a request runs on one thread"
        )
        for text in said
    ), said


def test_without_a_span_nothing_is_noted(traced):
    """And results and failures come as they are."""

    def fails():
        raise ValueError("no charcoal")

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(pow, 2, 3).result() == 8
        with traced[0].start_as_current_span("span"), pytest.raises(ValueError, match="charcoal"):
            pool.submit(fails).result()
    (span,) = traced[1]()
    assert span.attributes["overlap.thread.calls"] == 1


def compute():
    done = time.thread_time() + WORK_S
    while time.thread_time() < done:
        sum(range(2000))


async def computing(_tracer):
    await asyncio.gather(*(asyncio.to_thread(compute) for _ in range(2)))


async def computing_once(_tracer):
    await asyncio.to_thread(compute)


async def waiting(_tracer):
    await asyncio.gather(*(asyncio.to_thread(time.sleep, WORK_S) for _ in range(2)))


def test_processor_time_shows_that_threads_take_turns(traced):
    """Both run all the time, and together they compute no more than one thread can."""
    _, request, _ = play(traced, computing)
    wall, cpu = request["overlap.thread.wall_ms"], request["overlap.thread.cpu_ms"]
    assert cpu == pytest.approx(2 * WORK_S * 1000, rel=0.1)
    assert request["overlap.thread.cpu_longest_ms"] == pytest.approx(WORK_S * 1000, rel=0.1)
    assert wall >= cpu * 0.99
    if sys.platform == "linux":
        assert request["overlap.thread.busy_ms"] >= cpu * 0.99
    assert wall <= request["overlap.thread.running_ms"]


def test_one_call_has_no_one_to_take_turns_with(traced):
    """Its processor time is recorded alone."""
    _, request, _ = play(traced, computing_once)
    assert request["overlap.thread.cpu_ms"] == pytest.approx(WORK_S * 1000, rel=0.1)
    assert "overlap.thread.wall_ms" not in request


def test_calls_that_only_wait_have_no_processor_time(traced):
    """Nothing is recorded below 5 ms."""
    _, request, _ = play(traced, waiting)
    assert "overlap.thread.cpu_ms" not in request


def test_the_time_in_which_any_call_ran_is_counted_once():
    """One inside another, two that overlap, and a pause between."""
    calls = []
    for began, ended in ((0.0, 4.0), (1.0, 2.0), (3.0, 5.0), (7.0, 8.0)):
        call = Work.__new__(Work)
        call.began, call.ended = began, ended
        calls.append(call)
    assert figures._wall(calls) == pytest.approx(6.0)
    assert figures._wall(calls[::-1]) == pytest.approx(6.0)
