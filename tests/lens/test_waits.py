"""What a span's tasks awaited, and at which line of the user's: on real loops of each kind."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from asgiref.sync import sync_to_async

from overlap.lens.account import MOST_WAITS, Account
from overlap.runtime.await_chain import DEEPEST, await_chain

NAP_S = 0.05
ROW = re.compile(r"(\d+)\+(\d+) (\w+) ?(.*)")


def later(call, *args):
    asyncio.get_running_loop().call_later(NAP_S, call, *args)


async def timer():
    await asyncio.sleep(NAP_S)


async def lock():
    own = asyncio.Lock()
    await own.acquire()
    later(own.release)
    async with own:
        pass


async def semaphore():
    own = asyncio.Semaphore(0)
    later(own.release)
    await own.acquire()


async def event():
    own = asyncio.Event()
    later(own.set)
    await own.wait()


async def condition():
    own = asyncio.Condition()

    async def notify():
        async with own:
            own.notify()

    later(lambda: asyncio.ensure_future(notify()))
    async with own:
        await own.wait()


async def queue():
    own = asyncio.Queue()
    later(own.put_nowait, 1)
    await own.get()


async def in_thread():
    await asyncio.to_thread(time.sleep, NAP_S)


async def by_asgiref():
    await sync_to_async(time.sleep)(NAP_S)


async def in_executor():
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, NAP_S)


async def unknown():
    future = asyncio.get_running_loop().create_future()
    later(future.set_result, None)
    await future


async def generator():
    async def parts():
        await asyncio.sleep(NAP_S)
        yield 1

    async for _ in parts():
        pass


async def process():
    child = await asyncio.create_subprocess_exec("sleep", str(NAP_S))
    await child.wait()


@pytest.mark.parametrize(
    ("work", "what", "called"),
    [
        (timer, "timer", "asyncio.sleep"),
        (lock, "lock", ""),
        (semaphore, "semaphore", "own.acquire"),
        (event, "event", "own.wait"),
        (condition, "condition", "own.wait"),
        (queue, "queue", "own.get"),
        (in_thread, "thread", "asyncio.to_thread"),
        (by_asgiref, "thread", "sync_to_async"),
        (in_executor, "thread", "asyncio.get_running_loop().run_in_executor"),
        (unknown, "other", "future"),
        (generator, "timer", "asyncio.sleep"),
        (process, "process", "child.wait"),
    ],
)
def test_a_wait_is_described_by_kind_line_and_name(lensed, work, what, called):
    """The line is the innermost of the user's own: its function is that of the test."""

    async def waits(tracer):
        with tracer.start_as_current_span("span"):
            await work()

    span = lensed(waits)["span"]
    rows = [ROW.fullmatch(row).groups() for row in span.awaited.splitlines()]
    longest = max(rows, key=lambda row: int(row[1]))
    assert int(longest[1]) >= 5000  # on a busy machine, most of the nap may pass before the wait
    assert int(longest[0]) + int(longest[1]) <= span.ms * 1000 + 1000
    assert longest[2] == what
    assert re.search(rf"test_waits\.py:\d+ in {work.__name__}\b", longest[3])
    if called:
        assert longest[3].endswith(f" ({called})")


def library(depth):
    """Return a coroutine function of a library's that sleeps behind `depth` calls of itself."""
    scope = {"asyncio": asyncio, "NAP_S": NAP_S}
    source = """
async def call(depth):
    await (call(depth - 1) if depth else asyncio.sleep(NAP_S))
"""
    exec(compile(source, "/somewhere/site-packages/deep.py", "exec"), scope)  # noqa: S102
    return scope["call"], depth


@pytest.mark.parametrize(("depth", "what"), [(90, "timer"), (200, "other")])
def test_a_deep_chain_of_awaits_has_the_users_line(lensed, depth, what):
    """It is read up to 100 coroutines: what is awaited behind more of them is not known."""
    call, depth = library(depth)

    async def waits(tracer):
        with tracer.start_as_current_span("span"):
            await call(depth)

    row = ROW.fullmatch(lensed(waits)["span"].awaited)
    assert row[3] == what
    assert re.search(r"test_waits\.py:\d+ in \S*waits \(call\)", row[4])


def test_a_chain_of_awaits_is_read_to_a_limited_depth():
    """It is read on the loop, after each long wait."""
    call, depth = library(300)

    async def main():
        task = asyncio.create_task(call(depth))
        await asyncio.sleep(0)
        chain = await_chain(task)
        await task
        return chain

    coroutines, frames = asyncio.run(main())
    assert len(coroutines) == len(frames) == DEEPEST
    assert {frame.f_code.co_name for frame in frames} == {"call"}


def test_one_wait_for_many_is_not_counted_twice(lensed):
    """Two tasks of one span: the second's wait begins where the first's ended."""

    async def waits(tracer):
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        async def first():
            await asyncio.sleep(NAP_S)
            loop.call_later(NAP_S, over.set_result, None)

        async def second():
            await over

        with tracer.start_as_current_span("span"):
            await asyncio.gather(first(), second())

    span = lensed(waits)["span"]
    rows = [ROW.fullmatch(row).groups() for row in span.awaited.splitlines()]
    assert len(rows) == 2
    assert sum(int(row[1]) for row in rows) / 1000 <= span.awaiting + 1
    assert int(rows[1][0]) >= int(rows[0][0]) + int(rows[0][1])


def test_a_wait_belongs_to_the_span_it_happened_in(lensed):
    """The span above was covered meanwhile; short waits are not listed."""

    async def waits(tracer):
        with tracer.start_as_current_span("above"):
            await asyncio.sleep(0.001)
            with tracer.start_as_current_span("below"):
                await asyncio.sleep(NAP_S)

    spans = lensed(waits)
    assert spans["above"].awaited is None
    assert "timer" in spans["below"].awaited


def test_a_span_lists_a_limited_number_of_waits():
    """The longer ones are kept, in order."""
    account = Account(None, 0.0, lists_turns=False)
    for number in range(10 * MOST_WAITS):
        end = account.covered + (0.5 if number % 20 == 0 else 0.1)
        account.add_wait(end, f"{number}")
        account.covered = end
    assert len(account.waits) <= MOST_WAITS
    kept = [int(what) for _, _, what in account.waits]
    assert kept == sorted(kept)
    assert {number for number in kept if number % 20 == 0} == set(range(0, 10 * MOST_WAITS, 20))
