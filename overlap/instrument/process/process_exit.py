"""Call a function when the process exits, while threads can still be started.

atexit is too late to drain background work: by then `concurrent.futures` refuses calls, and
asyncio.to_thread and Django's async ORM fail with "cannot schedule new futures after shutdown".
And a process forked by multiprocessing, such as a server's worker, runs no atexit functions.
Python's executors register their end with threading, which runs its list backwards: so do we.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  registers first, and so runs last
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from overlap.runtime.guard import guarded

_functions: list[Callable[[], None]] = []
_registered: list[bool] = []


def before_exit(function: Callable[[], None]) -> Callable[[], None]:
    """Call `function` when the main thread has ended; return a function that undoes it.

    Other threads may still run, and atexit functions run later.
    """
    _functions.append(function)
    register: Any = getattr(threading, "_register_atexit", None)
    if not _registered and register is not None:
        _registered.append(True)  # there is no way to unregister
        with suppress(RuntimeError):  # the process is ending already
            register(_run)

    def undo() -> None:
        if function in _functions:
            _functions.remove(function)

    return undo


def _run() -> None:
    for function in [*_functions]:
        guarded("background work was not drained at exit", function)
