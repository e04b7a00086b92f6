"""Random async programs: a lens changes nothing of them, and what it records adds up."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from overlap import names, verdict
from overlap.lens import Steps, processors
from overlap.trace import Span, Trace
from tests.lens.conftest import LOOPS

PARTS = (names.LOOP_RUNNING_MS, names.LOOP_READY_MS, names.LOOP_AWAITING_MS)
SLACK_MS = 0.02
"""Figures are rounded, and a span's clock is read beside that of its account."""
leaves = st.one_of(
    st.tuples(st.just("sleep"), st.sampled_from([0, 0, 1, 2])),
    st.tuples(st.just("burn"), st.sampled_from([0.1, 1.5])),
    st.tuples(st.sampled_from(["thread", "fail", "lock", "queue", "event", "future"])),
)
programs = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("span"), inner),
        st.tuples(
            st.sampled_from(["row", "gather", "group", "as_completed", "first", "stream"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.tuples(st.sampled_from(["later", "shield", "cancel", "wait_for", "dropped"]), inner),
    ),
    max_leaves=8,
)


class Program:
    """Runs a program; its result is the same however long each part takes."""

    def __init__(self, tracer):
        self.tracer = tracer
        self.mutex = asyncio.Lock()
        self.left = []

    async def run(self, node):
        kind, *rest = node
        try:
            return kind, await getattr(self, kind)(*rest)
        except (ValueError, ExceptionGroup) as error:
            return kind, type(error).__name__

    async def sleep(self, ms):
        await asyncio.sleep(ms / 1000)

    async def burn(self, ms):
        end = time.perf_counter() + ms / 1000
        while time.perf_counter() < end:
            pass

    async def thread(self):
        return await asyncio.to_thread(time.sleep, 0.001)

    async def fail(self):
        await asyncio.sleep(0)
        raise ValueError

    async def lock(self):
        async with self.mutex:
            await asyncio.sleep(0.0005)

    async def queue(self):
        queue = asyncio.Queue(1)

        async def fill():
            for number in range(3):
                await queue.put(number)

        filler = asyncio.create_task(fill())
        found = [await queue.get() for _ in range(3)]
        await filler
        return found

    async def event(self):
        event = asyncio.Event()
        waiting = asyncio.create_task(event.wait())
        await asyncio.sleep(0)
        event.set()
        return await waiting

    async def future(self):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, future.set_result, 7)
        return await future

    async def span(self, inner):
        with self.tracer.start_as_current_span(inner[0]):
            return await self.run(inner)

    async def row(self, members):
        return [await self.run(each) for each in members]

    async def gather(self, members):
        return await asyncio.gather(*map(self.run, members), return_exceptions=True)

    async def group(self, members):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.run(each)) for each in members]
        return [task.result() for task in tasks]

    async def as_completed(self, members):
        return sorted([repr(await each) for each in asyncio.as_completed(map(self.run, members))])

    async def first(self, members):
        tasks = [asyncio.create_task(self.run(each)) for each in members]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return [await task for task in tasks]

    async def stream(self, members):
        async def parts():
            for each in members:
                yield await self.run(each)

        return [part async for part in parts()]

    async def later(self, inner):
        task = asyncio.create_task(self.run(inner))
        await asyncio.sleep(0.0005)
        return await task

    async def shield(self, inner):
        return await asyncio.shield(self.run(inner))

    async def cancel(self, inner):
        task = asyncio.create_task(self.run(inner))
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def wait_for(self, inner):
        with suppress(TimeoutError):
            await asyncio.wait_for(self.run(inner), 0.0015)

    async def dropped(self, inner):
        self.left.append(asyncio.create_task(self.run(inner)))


def played(node, loop, *, lens):
    """Run a program; return its result and its spans."""
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    ours = processors() if lens else []
    for processor in (*ours, SimpleSpanProcessor(exporter)):
        provider.add_span_processor(processor)

    async def main():
        steps = Steps(asyncio.get_running_loop())
        if lens:
            steps.start()
            await asyncio.sleep(0)
        program = Program(provider.get_tracer("tests"))
        try:
            with provider.get_tracer("tests").start_as_current_span("program"):
                found = await program.run(node)
            await asyncio.gather(*program.left)
            return found
        finally:
            if lens:
                steps.stop()

    try:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            return runner.run(main()), exporter.get_finished_spans()
    finally:
        for processor in reversed(ours):
            processor.shutdown()


def ranges(text):
    """Return (start, end) in microseconds of rows `start+length …`."""
    numbers = [row.partition(" ")[0].split("+") for row in text]
    return [(int(start), int(start) + int(length)) for start, length in numbers]


def assert_within(span):
    """No part of the figures is outside of the span."""
    found, whole = span.attributes, length_ms(span)
    parts = [found.get(each, 0.0) for each in PARTS]
    assert min(parts) >= 0
    assert sum(parts) < whole + SLACK_MS, (parts, whole)
    assert found.get(names.LOOP_LONGEST_MS, 0) <= parts[0] + SLACK_MS
    turns = ranges(found.get(names.LOOP_TURNS, "").split())
    waits = ranges(found.get(names.LOOP_AWAITED, "").splitlines())
    for rows in (turns, waits):
        assert all(0 <= start <= end <= whole * 1000 + 20 for start, end in rows), (rows, whole)
    assert all(end <= start + 2 for (_, end), (start, _) in pairwise(turns)), turns


def is_whole(span):
    """Return whether the figures are those of the whole span; short ones have none."""
    found, whole = span.attributes, length_ms(span)
    if PARTS[0] not in found:
        return whole < 1 + SLACK_MS
    return sum(found[each] for each in PARTS) > whole - SLACK_MS


def length_ms(span):
    return (span.end_time - span.start_time) / 1e6


def as_trace(spans):
    """Return spans of the SDK as a trace."""
    hexed = "{:016x}".format
    return Trace(
        "t",
        tuple(
            Span(
                "t", hexed(each.context.span_id), each.name, each.start_time, each.end_time,
                each.parent and hexed(each.parent.span_id), attributes=dict(each.attributes),
                kind="internal" if each.parent else "server",
            )
            for each in spans
        ),
    )  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
@given(node=programs)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_lens_changes_nothing_and_adds_up(loop, node):
    """Same result; figures of each span; a verdict whose critical path is the whole request."""
    stock, _ = played(node, loop, lens=False)
    for attempt in range(3):
        result, spans = played(node, loop, lens=True)
        assert result == stock
        for span in spans:
            assert_within(span)
        found = verdict(as_trace(spans))
        (root,) = (each for each in spans if each.parent is None)
        assert found.critical_path[0].start_ms == 0
        assert abs(sum(each.ms for each in found.critical_path) - length_ms(root)) < 1e-6
        # A thread that is interrupted between two clocks begins its account too late.
        if all(map(is_whole, spans)):
            break
        assert attempt < 2, [(dict(each.attributes), length_ms(each)) for each in spans]
