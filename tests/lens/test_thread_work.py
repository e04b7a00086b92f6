"""Work in threads: the queue and the running apart, whoever gives it out."""

from __future__ import annotations

import asyncio
import contextvars
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
