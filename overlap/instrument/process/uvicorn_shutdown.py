"""Drain background work and flush telemetry when a uvicorn server shuts down.

After SIGTERM uvicorn ends the process by raising the signal again: neither the loop's end nor
atexit is reached.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from wrapt import register_post_import_hook

from overlap.runtime.guard import failed

OnShutdown = Callable[[bool], Awaitable[None]]


def drain_at_uvicorn_shutdown(
    on_shutdown: OnShutdown, on_forced: Callable[[], None]
) -> Callable[[], None]:
    """Await `on_shutdown` at the end of each server's shutdown; return a function that undoes it.

    It is called with whether a signal ends the process. Where the server is forced to exit (a
    second Ctrl-C), `on_forced` is called instead.
    """
    patched: list[tuple[Any, Any, Any]] = []
    hooked = [True]  # an import hook cannot be removed

    def patch(module: Any) -> None:
        if not hooked:
            return
        server = module.Server
        stock = server.shutdown

        @wraps(stock)
        async def shutdown(self: Any, *arguments: Any, **named: Any) -> None:
            await stock(self, *arguments, **named)
            if getattr(self, "force_exit", False):
                on_forced()
            else:
                try:
                    await on_shutdown(bool(getattr(self, "_captured_signals", None)))
                except Exception:
                    failed("background work was not drained")

        server.shutdown = shutdown
        patched.append((server, shutdown, stock))

    def undo() -> None:
        hooked.clear()
        for server, ours, stock in patched:
            if server.shutdown is ours:
                server.shutdown = stock

    register_post_import_hook(patch, "uvicorn.server")
    return undo
