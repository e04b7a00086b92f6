"""How long an event loop has waited for something to do: the figure behind its utilization.

Node's `eventLoopUtilization` is defined by it: the loop is idle while it is inside the call that
waits for events, and active otherwise.

- uvloop: libuv measures it itself (`uv_metrics_idle_time`, since libuv 1.39; Node reads the same
  figure). uvloop's extension module exports libuv's functions and hands out the pointer of its
  loop, so both are called through ctypes. It costs libuv two clock readings, and one more system
  call, for each turn of the loop.
- asyncio: `loop._selector.select` is wrapped, and its calls are timed that may wait. A call with a
  timeout of 0 waits for nothing; libuv does not count it either.

Time in which the thread waits for a processor, or for the interpreter lock inside a callback,
counts as active, as in Node. A thread's processor time would not do: a callback that sleeps uses
none, and the loop is as full.
Source: libuv, docs/src/metrics.rst and src/unix/linux.c; Node, lib/internal/perf.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

_UV_METRICS_IDLE_TIME = 1
"""The option of uv_loop_configure (enum uv_loop_option)."""


class IdleTime:
    """The idle time of one loop. To be used on the loop's own thread, and while it is open."""

    def __init__(self, read: Callable[[], float], undo: Callable[[], None]) -> None:
        self.seconds = read
        """Return the seconds that the loop has been idle since the start."""
        self.stop = undo


def idle_time(loop: asyncio.AbstractEventLoop) -> IdleTime | None:
    """Start to measure; None for a loop that cannot be measured."""
    try:
        if hasattr(loop, "_selector"):
            return _of_selector(loop._selector)
        if type(loop).__module__.partition(".")[0] == "uvloop":
            return _of_libuv(loop)
    except Exception:  # a selector that takes no attributes, a uvloop that hides libuv
        return None
    return None


def _of_selector(selector: Any) -> IdleTime:
    stock, idle = selector.select, 0.0

    def select(timeout: float | None = None) -> Any:
        nonlocal idle
        if timeout is not None and timeout <= 0:
            return stock(timeout)
        began = perf_counter()
        try:
            return stock(timeout)
        finally:
            idle += perf_counter() - began

    def undo() -> None:
        if vars(selector).get("select") is select:  # otherwise another library has replaced it
            del selector.select

    selector.select = select
    return IdleTime(lambda: idle, undo)


def _of_libuv(loop: asyncio.AbstractEventLoop) -> IdleTime:
    extension: Any = import_module("uvloop.loop")

    # PyDLL keeps the interpreter lock, which costs less than to release it for such short calls.
    libuv: Any = ctypes.PyDLL(extension.__file__)
    configure, idle = libuv.uv_loop_configure, libuv.uv_metrics_idle_time
    configure.argtypes, configure.restype = (ctypes.c_void_p, ctypes.c_int), ctypes.c_int
    idle.argtypes, idle.restype = (ctypes.c_void_p,), ctypes.c_uint64
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.argtypes, pointer.restype = (ctypes.py_object, ctypes.c_char_p), ctypes.c_void_p
    address = pointer(extension.libuv_get_loop_t_ptr(loop), None)
    if configure(address, _UV_METRICS_IDLE_TIME) != 0:
        raise OSError("libuv does not measure its idle time")
    before = idle(address)
    return IdleTime(lambda: (idle(address) - before) / 1e9, lambda: None)
