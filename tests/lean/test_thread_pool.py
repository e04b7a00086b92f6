"""The pool by itself: who is lent, who is kept, who goes."""

import asyncio
import contextvars
import subprocess
import sys
import time
import weakref

from overlap.lean.thread_pool import Pool, Worker

DEADLINE_S = 30.0


def thread_of(worker: Worker):
    """The worker's thread, alive until it is retired."""
    (thread,) = worker._executor._threads
    return thread


def ended(worker):
    thread_of(worker).join(DEADLINE_S)
    return not thread_of(worker).is_alive()


def test_lends_the_one_used_last():
    """The thread given back last goes out first, so that the others can grow old."""

    async def run():
        pool = Pool()
        first, second = pool.take(), pool.take()
        assert first is not second
        pool.give(first)
        pool.give(second)
        assert pool.take() is second
        assert pool.take() is first
        assert pool.take() not in (first, second)
        for worker in (first, second):
            worker.retire()

    asyncio.run(run())


def test_keeps_no_more_than_it_may():
    """What comes back beyond the limit ends, though everybody who asked was lent one."""

    async def run():
        pool = Pool(max_idle=2)
        workers = [pool.take() for _ in range(5)]
        for worker in workers:
            pool.give(worker)
        assert all(ended(worker) for worker in workers[2:])
        assert all(thread_of(worker).is_alive() for worker in workers[:2])
        pool.close()
        assert all(ended(worker) for worker in workers[:2])

    asyncio.run(run())


def test_lent_thread_ends_when_it_comes_back_to_a_closed_pool():
    """close() takes nothing from a request that is under way."""

    async def run():
        pool = Pool()
        worker = pool.take()
        pool.close()
        assert worker.submit(lambda: "works").result(DEADLINE_S) == "works"
        pool.give(worker)
        assert ended(worker)

    asyncio.run(run())


def test_old_ones_go_and_young_ones_stay():
    """The timer ends what was idle for long; it comes again for the rest."""

    async def run():
        pool = Pool(idle_s=0.1)
        old = pool.take()
        pool.give(old)
        deadline = time.monotonic() + DEADLINE_S
        while thread_of(old).is_alive() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not thread_of(old).is_alive()
        young = pool.take()
        assert young is not old
        pool.give(young)
        assert thread_of(young).is_alive()
        pool.close()
        assert ended(young)

    asyncio.run(run())


def test_timer_of_a_closed_loop_is_not_waited_for():
    """A pool outlives loops: on the next one, idle threads go as well."""
    pool = Pool(idle_s=0.05)

    async def lend():
        worker = pool.take()
        pool.give(worker)
        return worker

    first = asyncio.run(lend())
    time.sleep(0.15)  # the timer is due, and its loop is gone

    async def again():
        worker = await lend()
        deadline = time.monotonic() + DEADLINE_S
        while thread_of(worker).is_alive() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return worker

    assert asyncio.run(again()) is first
    assert ended(first)


def test_a_forked_process_takes_none_of_its_parent():
    """The list is copied by a fork, the threads are not."""

    async def run():
        pool = Pool()
        worker = pool.take()
        pool.give(worker)
        pool._pid = -1  # as after a fork
        other = pool.take()
        assert other is not worker
        assert other.submit(lambda: "works").result(DEADLINE_S) == "works"
        for one in (worker, other):
            one.retire()

    asyncio.run(run())


def test_the_timer_does_not_keep_the_context_of_who_gave_a_thread_back():
    """What a request has in its context variables is freed with it, not a minute later."""
    variable = contextvars.ContextVar("variable")

    class Value:
        pass

    async def give(pool):
        variable.set(value := Value())
        pool.give(pool.take())
        return weakref.ref(value)

    async def run():
        pool = Pool()
        value = await asyncio.create_task(give(pool))
        await asyncio.sleep(0)
        try:
            return value()
        finally:
            pool.close()

    assert asyncio.run(run()) is None


def test_a_pool_is_closed_when_the_process_has_ended_its_threads():
    """As by shutdown() in an atexit function of a script: Python's executors refuse calls then."""
    script = """
import atexit, sys
from django.conf import settings
settings.configure(DATABASES={})
from overlap.lean.thread_pool import Pool, Worker
import asyncio
pool = Pool()
async def main():
    worker = pool.take()
    await asyncio.wrap_future(worker.submit(int))
    pool.give(worker)
asyncio.run(main())
atexit.register(lambda: (pool.close(), print("closed")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("closed\n", "")
