"""SIGINT and SIGTERM: call a function on the event loop for both, on any platform; the default.

The loops of Windows have no `add_signal_handler`: there, Python's own handlers wake the loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack

NUMBERS = (signal.SIGINT, signal.SIGTERM)


def on_stop_signals(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> ExitStack:
    """Call `call` on `loop` at each of NUMBERS. Close what is returned to undo it.

    Must be called in the main thread, as Python's own signal handlers.
    """
    undo = ExitStack()
    for number in NUMBERS:
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:
            stock = signal.signal(number, lambda *_: loop.call_soon_threadsafe(call))
            undo.callback(signal.signal, number, stock)
        else:
            undo.callback(loop.remove_signal_handler, number)
    return undo


def is_sigterm_default() -> bool:
    """Return whether this is the main thread, which alone sets handlers, and SIGTERM has none."""
    return (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )


def end_by_sigterm() -> None:
    """End the process by SIGTERM, as without a handler. In the main thread."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
