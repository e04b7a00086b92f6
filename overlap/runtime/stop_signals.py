"""SIGINT and SIGTERM: call a function on the event loop for both, exit at the first; the default.

The loops of Windows have no `add_signal_handler`: there, Python's own handlers wake the loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
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


def exit_at_first() -> None:
    """Exit at the first SIGINT or SIGTERM, by an exception; ignore those that follow.

    For a command that stops in `finally` what it started: a second signal would interrupt that and
    leave processes behind. make passes SIGTERM on to a child that a supervisor ends as well, and an
    impatient Ctrl-C comes twice. SIGINT raises KeyboardInterrupt, SIGTERM SystemExit with 143.
    A signal that is ignored at the start stays ignored. Must be called in the main thread.
    """

    def stop(number: int, _: object) -> None:
        ignore_both()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(143)

    for each in NUMBERS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, stop)


def ignore_both() -> None:
    """Ignore SIGINT and SIGTERM from now on: what remains to be done takes a bounded time."""
    for each in NUMBERS:
        signal.signal(each, signal.SIG_IGN)


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
