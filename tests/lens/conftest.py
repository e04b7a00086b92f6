"""Real loops of both kinds, and the spans that were made on them."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest
import uvloop
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap.lens import LensSpans, Steps

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def eager(loop, coro, **options):
    """asyncio's own; uvloop hands over an `eager_start` of None that 3.13.0 does not take."""
    options.pop("eager_start", None)
    return asyncio.eager_task_factory(loop, coro, **options)


KINDS = [*LOOPS, *(f"{name} eager" for name in LOOPS if hasattr(asyncio, "eager_task_factory"))]


@pytest.fixture(params=KINDS)
def kind(request):
    """Which loop, and, from Python 3.12 on, whether its tasks begin at once."""
    return request.param


@pytest.fixture
def lensed(kind):
    """A function that runs a coroutine function under a lens, and gives back its spans by name."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(LensSpans())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")

    def run(work):
        async def main():
            loop = asyncio.get_running_loop()
            if "eager" in kind:
                loop.set_task_factory(eager)
            steps = Steps(loop)
            steps.start()
            await asyncio.sleep(0)
            try:
                return await work(tracer)
            finally:
                steps.stop()
                assert not {"call_soon", "call_later", "set_task_factory"} & set(vars(loop))
                assert loop.get_task_factory() is (eager if "eager" in kind else None)

        with asyncio.Runner(loop_factory=LOOPS[kind.partition(" ")[0]]) as runner:
            run.result = runner.run(main())
        return {span.name: _figures(span) for span in exporter.get_finished_spans()}

    return run


def _figures(span):
    found = span.attributes
    return SimpleNamespace(
        ms=(span.end_time - span.start_time) / 1e6,
        running=found.get("overlap.loop.running_ms"),
        ready=found.get("overlap.loop.ready_ms"),
        awaiting=found.get("overlap.loop.awaiting_ms"),
        longest=found.get("overlap.loop.longest_step.duration_ms", 0.0),
        line=found.get("overlap.loop.longest_step.line"),
        idle=found.get("overlap.loop.longest_step.idle_ms"),
        awaited=found.get("overlap.loop.awaited"),
        turns=_turns(found.get("overlap.loop.turns")),
    )


def _turns(text):
    return text and [int(number) for turn in text.split() for number in turn.split("+")]


def burn(seconds):
    """Keep the processor for that long, by the clock on the wall."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.fixture
def keep():
    """A function that keeps the loop for so many seconds."""
    return burn
