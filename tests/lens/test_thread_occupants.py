"""Whose work had the threads of a pool while a call waited."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap import verdict
from overlap.instrument.calls.thread_attributes import ThreadAttributes
from overlap.lens import ThreadSpans
from overlap.telemetry.export.encoding import encode_spans
from overlap.trace import read

HOLD_S = 0.05


def hold():
    time.sleep(HOLD_S)


def quick(tracer):
    with tracer.start_as_current_span("quick"):
        pass


@pytest.fixture
def traced():
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    for processor in (ThreadAttributes(), ThreadSpans(), SimpleSpanProcessor(exporter)):
        provider.add_span_processor(processor)
    yield provider.get_tracer("tests"), exporter.get_finished_spans
    provider.shutdown()


def play(traced, threads, calls):
    """Fill the default executor from one request; another one waits for it."""
    tracer, finished = traced

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(threads))
        with tracer.start_as_current_span("GET /report"):
            held = [asyncio.create_task(asyncio.to_thread(hold)) for _ in range(calls)]
            await asyncio.sleep(0)
        with tracer.start_as_current_span("GET /"):
            await asyncio.to_thread(quick, tracer)
        await asyncio.gather(*held)

    asyncio.run(main())
    return {span.name: span for span in finished()}


@pytest.mark.parametrize("threads", [1, 3])
def test_a_call_that_waits_names_the_work_before_it(traced, threads):
    """On its own span and on the one that it was submitted under; and the verdict says it."""
    found = play(traced, threads, threads)
    held = "tests.lens.test_thread_occupants.hold"
    for name in ("quick", "GET /"):
        attributes = found[name].attributes
        assert attributes["overlap.thread.pool.most"] == threads
        by = attributes["overlap.thread.pool.taken_by"]
        assert by.endswith(".hold for GET /report"), (by, held)
        assert by.startswith(f"{threads} x ") == (threads > 1)
    (trace,) = [
        trace
        for trace in read(encode_spans([*found.values()]))
        if any(span.name == "quick" for span in trace.spans)
    ]
    (said,) = [each.text for each in verdict(trace.spans).why if " waited " in each.text]
    were = "the only one was" if threads == 1 else f"all {threads} were"
    assert f"for a free thread: {were} taken, by " in said


def test_a_pool_with_a_free_thread_is_not_taken(traced):
    """Nobody waits there."""
    found = play(traced, 3, 1)
    assert "overlap.thread.pool.taken_by" not in found["quick"].attributes
    assert "overlap.thread.pool.taken_by" not in found["GET /"].attributes


def test_what_waits_does_not_keep_what_ran_before_it(traced):
    """In a pool that is always full, each call would hold the one before it."""
    from overlap.lens.threads.work import Work

    tracer, _ = traced
    release, works = threading.Event(), []
    with tracer.start_as_current_span("GET /") as span, ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(release.wait, 5), *(pool.submit(hold) for _ in range(2))]
        works.extend(future.overlap_work for future in futures)
        assert [len(work.ahead) for work in works] in ([0, 1, 1], [0, 0, 0])
        release.set()
        for future in futures:
            future.result()
        assert all(isinstance(work, Work) and not work.ahead for work in works)
        assert works[0].running == {}
        assert span.is_recording()
