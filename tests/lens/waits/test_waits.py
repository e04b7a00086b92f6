"""What a task waited for: each kind, its line, who ended it; and that nothing else changes."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest
from opentelemetry.context import Context, attach, detach

from overlap.lens import span_processor, steps
from overlap.lens.waits import observation
from overlap.lens.waits.kinds import kind_of, place_of
from overlap.runtime.await_chain import await_chain

PAUSE_S = 0.05
FILE = __name__.rpartition(".")[2]


def line_of(word):
    """Return the number of the line in this file that ends with `# word`."""
    lines = Path(__file__).read_text("utf-8").splitlines()
    (found,) = [n for n, line in enumerate(lines, 1) if line.endswith(f"# {word}")]
    return found


async def use(lock, pauses=1):
    async with lock:  # holder
        await asyncio.sleep(pauses * PAUSE_S)  # inside


def later(call):
    """Call something in a task, after a pause."""

    async def wait():
        await asyncio.sleep(PAUSE_S)
        result = call()  # later
        if asyncio.iscoroutine(result):
            await result

    return asyncio.create_task(wait(), name="later")


async def for_lock():
    lock = asyncio.Lock()
    other = asyncio.create_task(use(lock), name="other")
    await asyncio.sleep(0)
    async with lock:  # lock
        await other


async def for_semaphore():
    semaphore = asyncio.BoundedSemaphore(1)
    other = asyncio.create_task(use(semaphore), name="other")
    await asyncio.sleep(0)
    await semaphore.acquire()  # semaphore
    semaphore.release()
    await other


async def for_anyio_lock():
    lock = anyio.Lock()
    other = asyncio.create_task(use(lock), name="other")
    await asyncio.sleep(0)
    async with lock:  # anyio_lock
        await other


async def for_event():
    event = asyncio.Event()
    task = later(event.set)
    await event.wait()  # event
    await task


async def for_condition():
    condition = asyncio.Condition()

    async def notify():
        async with condition:
            condition.notify_all()  # notify

    task = later(notify)
    async with condition:
        await condition.wait()  # condition
    await task


async def for_queue_get():
    queue = asyncio.PriorityQueue()
    task = later(lambda: queue.put_nowait(1))
    assert await queue.get() == 1  # queue_get
    await task


async def for_queue_put():
    queue = asyncio.Queue(1)
    queue.put_nowait(1)
    task = later(queue.get_nowait)
    await queue.put(2)  # queue_put
    await task


async def for_queue_join():
    queue = asyncio.Queue()
    queue.put_nowait(1)
    task = later(queue.task_done)
    await queue.join()  # queue_join
    await task


@pytest.mark.parametrize(
    ("work", "name", "by"),
    [
        (for_lock, "lock", ("other", "holder")),
        (for_semaphore, "semaphore", ("other", "holder")),
        (for_anyio_lock, "lock", ("other", "holder")),
        (for_event, "event", ("later", "later")),
        (for_condition, "condition", ("later", "notify")),
        (for_queue_get, "queue_get", ("later", None)),
        (for_queue_put, "queue_put", ("later", "later")),
        (for_queue_join, "queue_join", ("later", "later")),
    ],
)
def test_each_kind_is_a_span_with_both_lines(observed, ms, work, name, by):
    """The line that waited, and the task and line that ended the wait."""
    found = observed(lambda _: work())
    (wait,) = found.waits
    task, line = by
    attributes = wait.attributes
    assert attributes["overlap.wait.kind"] == name
    assert attributes["code.function.name"] == work.__name__
    assert attributes["code.line.number"] == line_of(work.__name__.removeprefix("for_"))
    assert attributes["overlap.wait.by.task"] == task
    if line:
        assert f"{FILE}.py:{line_of(line)} in " in attributes["overlap.wait.by.line"]
    assert attributes["overlap.wait.by.span"] == "request"
    assert wait.parent.span_id == found.request.context.span_id
    assert found.request.start_time <= wait.start_time
    assert wait.end_time <= found.request.end_time
    assert ms(wait) == pytest.approx(found.of[f"overlap.wait.{name}_ms"], abs=1)


def test_a_wait_that_no_line_of_the_users_ends_names_none(observed):
    """Not the line that runs the loop: uvloop has no frame between that and a callback."""

    async def work(_):
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(PAUSE_S, event.set)
        await event.wait()

    (wait,) = observed(work).waits
    assert wait.attributes["overlap.wait.kind"] == "event"
    assert "overlap.wait.by.line" not in wait.attributes


def test_a_pause_between_two_clocks_moves_no_wait_out_of_its_span(observed, monkeypatch):
    """The system may interrupt the thread when it has read one of them."""

    def interrupted(clock):
        def read():
            value = clock()
            time.sleep(0.005)
            return value

        return read

    for name in ("time_ns", "perf_counter"):
        monkeypatch.setattr(span_processor, name, interrupted(getattr(time, name)))
    found = observed(lambda _: for_event())
    (wait,) = found.waits
    assert found.request.start_time <= wait.start_time
    assert wait.end_time <= found.request.end_time


def test_a_wait_for_anyios_limiter_of_threads_is_a_span(observed, ms):
    """Starlette runs sync endpoints under one; the sleep in the thread itself is no wait."""

    async def work(_):
        limiter = anyio.CapacityLimiter(1)

        async def call():
            await anyio.to_thread.run_sync(time.sleep, PAUSE_S, limiter=limiter)  # limited

        await asyncio.gather(call(), call())

    found = observed(work)
    (wait,) = found.waits
    assert wait.name == "thread_limiter.wait"
    assert wait.attributes["overlap.wait.kind"] == "thread_limiter"
    assert wait.attributes["code.line.number"] == line_of("limited")
    assert ms(wait) >= PAUSE_S * 1000 / 2


def test_a_link_leads_to_the_holder(observed):
    """To the span in which it held the lock; the name is that of the outermost span."""

    async def work(tracer):
        lock = asyncio.Lock()

        async def other():
            with tracer.start_as_current_span("inner"):
                await use(lock)

        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        async with lock:
            await task

    found = observed(work)
    (inner,) = [span for span in found.spans if span.name == "inner"]
    (link,) = found.waits[0].links
    assert link.context.span_id == inner.context.span_id
    assert dict(link.attributes) == {"overlap.link": "waited_for"}


@pytest.mark.parametrize("kind", [asyncio.Lock, asyncio.Semaphore])
def test_a_wait_that_is_given_up_names_who_holds_the_lock(observed, kind):
    """Not the task that cancelled it. The holder's line is where it is now."""

    async def work(_):
        lock = kind() if kind is asyncio.Lock else kind(1)
        other = asyncio.create_task(use(lock, pauses=3), name="other")
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PAUSE_S), lock:
                pass
        await other

    (wait,) = observed(work).waits
    assert wait.attributes["overlap.wait.given_up"] is True
    assert wait.attributes["overlap.wait.by.task"] == "other"
    assert f"{FILE}.py:{line_of('inside')} in use" in wait.attributes["overlap.wait.by.line"]
    assert wait.attributes["overlap.wait.by.span"] == "request"


def test_a_holder_that_cannot_be_found_is_not_named(observed):
    """A lock that was taken without `async with` leaves no trace on a stack."""

    async def work(_):
        lock = asyncio.Lock()
        await lock.acquire()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PAUSE_S):
                await lock.acquire()

    (wait,) = observed(work).waits
    assert not [name for name in wait.attributes if name.startswith("overlap.wait.by.")]
    assert wait.links == ()


class Loop:
    """uvloop's, with what asyncio's own getaddrinfo asks of it."""

    _debug = False

    def __init__(self, loop):
        self.run_in_executor = loop.run_in_executor


async def read_late():
    async def serve(_reader, writer):
        await asyncio.sleep(PAUSE_S)
        writer.write(b"late\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.readline() == b"late\n"
        writer.close()


def test_threads_tasks_timers_and_the_network_are_not_waits(observed):
    """They have figures and spans of their own."""

    async def work(_):
        await asyncio.to_thread(time.sleep, PAUSE_S)
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, PAUSE_S)
        await asyncio.create_task(read_late())
        await asyncio.gather(read_late())
        await asyncio.wait_for(read_late(), 5)

    found = observed(work)
    assert found.waits == []
    assert not [name for name in found.of if name.startswith("overlap.wait")]


def test_a_name_that_is_looked_up_is_a_span(observed, monkeypatch):
    """asyncio does it in the default executor."""
    stock, awaits = socket.getaddrinfo, threading.Event()

    def slow(*args, **named):
        assert awaits.wait(5)
        time.sleep(PAUSE_S)
        return stock(*args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def work(_):
        loop = asyncio.get_running_loop()
        loop.call_soon(awaits.set)  # when the task waits
        if not isinstance(loop, asyncio.BaseEventLoop):
            loop = Loop(loop)
        await asyncio.BaseEventLoop.getaddrinfo(loop, "localhost", 80)  # dns

    (wait,) = observed(work).waits
    assert wait.name == "dns.lookup"
    assert wait.attributes["code.line.number"] == line_of("dns")


def test_either_loop_is_seen_to_look_a_name_up(observed, monkeypatch):
    """uvloop does in Cython, with threads of libuv's."""
    stock, seen = socket.getaddrinfo, threading.Event()
    # asyncio's, which since 3.14 does not wait at all for a thread that is done by then.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **n: seen.wait(5) and stock(*a, **n))

    async def work(_):
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(loop.getaddrinfo("localhost", 80))
        await asyncio.sleep(0)
        places = [*map(place_of, *await_chain(task))]
        seen.set()
        await task
        return kind_of(places[::-1])[0]

    assert observed(work).result == "dns"


def test_short_waits_are_not_recorded(observed, monkeypatch):
    """Nothing is looked at then."""
    monkeypatch.setattr(steps, "LEAST_S", 60)
    found = observed(lambda _: for_lock())
    assert found.waits == []
    assert not [name for name in found.of if name.startswith("overlap.wait")]


def test_of_many_waits_the_longest_are_kept(observed, ms):
    """A hundred tasks behind one lock: 32 spans, and the last of them is the longest."""

    async def work(_):
        lock = asyncio.Lock()

        async def hold():
            async with lock:
                await asyncio.sleep(0.001)

        await asyncio.gather(*(hold() for _ in range(100)))

    found = observed(work)
    assert len(found.waits) == 32
    longest = max(ms(wait) for wait in found.waits)
    assert longest - 1 <= found.of["overlap.wait.lock_ms"] <= ms(found.request)


def test_what_a_library_waits_for_in_its_own_task_is_idleness(observed):
    """A queue without a line of the user's; but a lock always counts."""

    async def work(_):
        queue, lock = asyncio.Queue(), asyncio.Lock()
        get = asyncio.create_task(queue.get())
        await lock.acquire()
        acquire = asyncio.create_task(lock.acquire())
        await asyncio.sleep(PAUSE_S)
        queue.put_nowait(1)
        lock.release()
        await asyncio.sleep(0)
        assert get.done()
        assert acquire.done()

    (wait,) = observed(work).waits
    assert wait.name == "lock.wait"


def test_the_line_may_be_that_of_a_task_which_awaits_it(observed):
    """The gathered coroutine is asyncio's own: it has no line of the user's."""

    async def work(_):
        queue = asyncio.Queue()
        task = later(lambda: queue.put_nowait(1))
        await asyncio.gather(asyncio.wait_for(queue.get(), 5))  # gathered
        await task

    (wait,) = observed(work).waits
    assert wait.name == "queue.get"
    assert wait.attributes["code.line.number"] == line_of("gathered")


def test_time_outside_of_a_span_is_not_its_own(observed):
    """A task that comes back to a span has not waited under it since it left."""

    async def work(_):
        lock = asyncio.Lock()
        other = asyncio.create_task(use(lock))
        await asyncio.sleep(0)
        token = attach(Context())
        async with lock:
            detach(token)
        await other

    found = observed(work)
    assert not [name for name in found.of if name.startswith("overlap.wait")]


def test_an_event_of_a_library_is_its_own_affair(observed):
    """Though the user's code awaits that library: mostly, it waits for the network."""
    library = {}
    source = "async def pull(event):\n    await event.wait()\n"
    exec(compile(source, "/somewhere/site-packages/library.py", "exec"), library)  # noqa: S102

    async def work(_):
        event = asyncio.Event()
        task = later(event.set)
        await library["pull"](event)
        await task

    assert observed(work).waits == []


def test_what_fails_in_ours_harms_no_wait(observed, monkeypatch):
    """Nor does an exception in it reach whoever releases the lock."""
    calls = []

    def broken(*_):
        calls.append(1)
        raise RuntimeError

    monkeypatch.setattr(observation, "_wait", broken)
    found = observed(lambda _: for_lock())
    assert calls
    assert found.waits == []


def test_a_task_that_is_cancelled_while_it_waits_is_cancelled(observed):
    """The exception and the lock's waiters are asyncio's own."""

    async def work(_):
        lock = asyncio.Lock()
        await lock.acquire()
        waiting = asyncio.create_task(lock.acquire())
        await asyncio.sleep(PAUSE_S)
        waiting.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await waiting
        lock.release()
        return lock.locked()

    found = observed(work)
    assert found.result is False
    assert found.waits[0].attributes["overlap.wait.given_up"] is True


if sys.version_info >= (3, 12):  # eager tasks are new there

    def test_an_eager_task_waits_as_any_other(observed):
        """Its first step runs while it is created."""

        async def work(_):
            def eager(loop, coro, **options):
                options.pop("eager_start", None)  # uvloop's None, which 3.13.0 does not take
                return asyncio.eager_task_factory(loop, coro, **options)

            asyncio.get_running_loop().set_task_factory(eager)
            lock = asyncio.Lock()
            await lock.acquire()

            async def wait():
                await lock.acquire()  # eager

            task = asyncio.create_task(wait())
            await asyncio.sleep(PAUSE_S)
            lock.release()
            await task

        (wait,) = observed(work).waits
        assert wait.attributes["code.line.number"] == line_of("eager")
