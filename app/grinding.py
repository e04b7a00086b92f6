"""Work for the processor, and two processes to do it in beside the server's."""

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
    """Use so many seconds of processor time, on whichever thread this is called."""
    done = thread_time() + seconds
    while thread_time() < done:
        sum(range(2000))


async def in_a_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run `work` in one of the processes; its spans are children of the current one."""
    pool = await _started()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, _traced, carrier, work, *arguments)


async def _started() -> ProcessPoolExecutor:
    """The pool, once all its processes are up: the first to come must not take all the work."""
    global _pool  # noqa: PLW0603  one pool a server process
    async with _starting:
        if _pool is None:
            # Spawned, not forked: a fork has the threads' locks and none of the threads, so that
            # telemetry in it is silent at best.
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(
                PROCESSES, context, initializer=_begin, initargs=(context.Barrier(PROCESSES),)
            )
            loop = asyncio.get_running_loop()
            await asyncio.gather(*[loop.run_in_executor(pool, os.getpid) for _ in range(PROCESSES)])
            _pool = pool
    return _pool


# --- in each of the processes ---------------------------------------------------


def _begin(together: Barrier) -> None:
    overlap.instrument(service_name="smokehouse")
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    together.wait()


def _end_with_the_server() -> None:
    # A server that is ended by a signal tells nobody; this end of a pipe does.
    server = multiprocessing.parent_process()
    if server is not None:
        wait([server.sentinel])
        overlap.shutdown()
        os._exit(0)


def _traced(carrier: dict[str, str], work: Callable[..., Any], *arguments: Any) -> Any:
    token = attach(propagate.extract(carrier))
    try:
        return work(*arguments)
    finally:
        detach(token)
