"""Call a function on the event loop when the process receives SIGINT or SIGTERM, on any platform.

The loops of Windows have no `add_signal_handler`: there, Python's own handlers wake the loop.
"""

from __future__ import annotations

import asyncio
import signal
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
