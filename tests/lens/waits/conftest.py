"""Spans with what their tasks waited for, on real loops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap.lens import LensSpans, Steps, WaitSpans


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_factory(request):
    """Return what makes a loop."""
    uvloop = pytest.importorskip("uvloop") if request.param == "uvloop" else asyncio
    return uvloop.new_event_loop


@pytest.fixture
def observed(loop_factory):
    """A function that runs `work(tracer)` under the span "request"; it returns the spans by name.

    Beside them: `waits`, the spans of waits in their order, and `of`, the attributes of "request".
    """
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = InMemorySpanExporter()
    for processor in (LensSpans(), WaitSpans(lambda: provider), SimpleSpanProcessor(exporter)):
        provider.add_span_processor(processor)
    tracer = provider.get_tracer("tests")

    async def main(work):
        steps = Steps(asyncio.get_running_loop())
        steps.start()
        await asyncio.sleep(0)
        try:
            with tracer.start_as_current_span("request"):
                return await work(tracer)
        finally:
            steps.stop()

    def run(work):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            result = runner.run(main(work))
        spans = exporter.get_finished_spans()
        (request,) = [span for span in spans if span.name == "request"]
        waits = [span for span in spans if "overlap.wait.kind" in span.attributes]
        waits.sort(key=lambda span: span.start_time)
        return SimpleNamespace(
            result=result, spans=spans, request=request, of=request.attributes, waits=waits
        )

    return run


@pytest.fixture
def ms():
    """A function that returns a span's duration in milliseconds."""
    return lambda span: (span.end_time - span.start_time) / 1e6
