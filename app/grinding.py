"""CPU-bound work, and a pool of two processes to run it outside the server's process."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.synchronize import Barrier
from time import thread_time
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import attach, detach

import overlap

PROCESSES = 2
tracer = trace.get_tracer("smokehouse")
_pool: ProcessPoolExecutor | None = None
_starting = asyncio.Lock()


@tracer.start_as_current_span("grind")
def grind(seconds: float) -> None:
    """Use `seconds` of processor time on the calling thread."""
    done = thread_time() + seconds
    while thread_time() < done:
        sum(range(2000))


async def in_a_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run `work` in a process of the pool; its spans are children of the current span."""
    pool = await _ready_pool()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, _run_in_context, carrier, work, *arguments)


async def _ready_pool() -> ProcessPoolExecutor:
    """Return the pool once all its processes run: the first one must not take all the work."""
    global _pool  # noqa: PLW0603  one pool a server process
    async with _starting:
        if _pool is None:
            # Spawned, not forked: a forked process has the locks of the threads but not the
            # threads, so its telemetry is lost at best.
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(
                PROCESSES,
                context,
                initializer=_start_process,
                initargs=(context.Barrier(PROCESSES),),
            )
            loop = asyncio.get_running_loop()
            await asyncio.gather(*[loop.run_in_executor(pool, os.getpid) for _ in range(PROCESSES)])
            _pool = pool
    return _pool


# --- in each of the processes ---------------------------------------------------


def _start_process(barrier: Barrier) -> None:
    overlap.instrument(service_name="smokehouse")
    threading.Thread(target=_exit_with_server, daemon=True).start()
    barrier.wait()


def _exit_with_server() -> None:
    # A server that a signal kills can't notify us, but its sentinel becomes ready.
    server = multiprocessing.parent_process()
    if server is not None:
        wait([server.sentinel])
        overlap.shutdown()
        os._exit(0)


def _run_in_context(carrier: dict[str, str], work: Callable[..., Any], *arguments: Any) -> Any:
    token = attach(propagate.extract(carrier))
    try:
        return work(*arguments)
    finally:
        detach(token)
