"""Drain background work and flush telemetry when a uvicorn server shuts down.

After SIGTERM uvicorn ends the process by raising the signal again: neither the loop's end nor
atexit is reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from overlap.instrument.process.stop_delay import report_delay
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import failed, guarded
from overlap.runtime.when_imported import when_imported

OnShutdown = Callable[[bool], Awaitable[None]]


def _report_delay() -> asyncio.Task[None]:
    delay = report_delay()
    try:
        return asyncio.get_running_loop().create_task(delay)
    except BaseException:  # of the project's task factory
        delay.close()
        raise


def drain_at_uvicorn_shutdown(
    on_shutdown: OnShutdown, on_forced: Callable[[], None]
) -> Callable[[], None]:
    """Await `on_shutdown` at the end of each server's shutdown; return a function that undoes it.

    It is called with whether a signal ends the process. Where the server is forced to exit (a
    second Ctrl-C), `on_forced` is called instead.
    """

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        async def shutdown(self: Any, *arguments: Any, **named: Any) -> None:
            report = guarded("a slow shutdown is not reported", _report_delay)
            try:
                await stock(self, *arguments, **named)
            finally:
                if report is not None:
                    report.cancel()
            if getattr(self, "force_exit", False):
                on_forced()
            else:
                try:
                    await on_shutdown(bool(getattr(self, "_captured_signals", None)))
                except Exception:
                    failed("background work was not drained")

        return shutdown

    def patch(module: ModuleType, undo: ExitStack) -> None:
        undo.callback(replace_method(module.Server, "shutdown", make))

    return when_imported("uvicorn.server", patch)
