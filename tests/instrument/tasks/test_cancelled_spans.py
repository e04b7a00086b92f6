"""Work that was cut short says so on its span; what ends by itself, or cleans up, does not."""

from __future__ import annotations

import textwrap

DRIVER = """
import asyncio, overlap
from opentelemetry import trace
overlap.instrument()
tracer = trace.get_tracer("kitchen")

@tracer.start_as_current_span("roast")
async def roast():
    await asyncio.sleep(60)

@tracer.start_as_current_span("fail")
async def fail():
    raise ValueError

@tracer.start_as_current_span("tidy")
async def tidy():
    try:
        await asyncio.sleep(60)
    finally:
        with tracer.start_as_current_span("wash up"):
            with tracer.start_as_current_span("dry"):
                await asyncio.sleep(0)

def parts():
    with tracer.start_as_current_span("part"):
        yield 1
        yield 2
"""


def marked(sink):
    """The names of the spans that say so."""
    return sorted(span.name for span in sink.spans if span.attributes.get("overlap.cancelled"))


def test_a_cancelled_span_says_so(own_sink, run):
    """By a timeout; what is made while cleaning up after it, and what fails, is not cut short."""
    code = """
    async def main():
        async with asyncio.timeout(0.05):
            await asyncio.gather(roast(), tidy(), fail(), return_exceptions=True)
    try:
        asyncio.run(main())
    except TimeoutError:
        overlap.shutdown()
    """
    run(DRIVER + textwrap.dedent(code), own_sink.url)
    assert own_sink.names() == {"roast": 1, "tidy": 1, "wash up": 1, "dry": 1, "fail": 1}
    assert marked(own_sink) == ["roast", "tidy"]


def test_a_generator_that_is_closed_was_cut_short(own_sink, run):
    """One that was read to its end was not."""
    code = """
    assert [*parts()] == [1, 2]
    first = parts()
    assert next(first) == 1
    first.close()
    overlap.shutdown()
    """
    run(DRIVER + textwrap.dedent(code), own_sink.url)
    assert own_sink.names() == {"part": 2}
    assert marked(own_sink) == ["part"]
