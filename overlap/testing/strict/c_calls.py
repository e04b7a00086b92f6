"""Calls that block, by the C functions that a thread calls: reads, sockets, locks.

Audit events know nothing of them. A profile function sees each call of a C function in its thread
and in threads that start meanwhile; a profiler that runs already goes on. `with lock:` calls no
function that it sees: `watched_locks` does that.
"""

from __future__ import annotations

import _thread
import io
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any, Final

from overlap import names
from overlap.testing.strict.audit_events import Report, may_wait

CONTENDED_S: Final = 20e-6
"""Taking a lock that another thread holds takes longer; a try that gives up, less."""

_FILES: Final = (
    io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper,
)  # fmt: skip
_FILE_CALLS: Final = frozenset({
    "read", "read1", "readall", "readinto", "readline", "readlines", "write", "writelines", "flush",
})  # fmt: skip
_SOCKET_CALLS: Final = frozenset({
    "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "send", "sendall", "_accept",
})  # fmt: skip
_LOCKS: Final = (_thread.LockType, type(_thread.RLock()))
_SLEEP_IS_AUDITED: Final = (3, 13)
_STANDARD: Final = frozenset({0, 1, 2})


class CallProfile:
    """Reports C calls that block, in this thread and in those that start later."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._before: Any = None
        self._before_of_new: Any = None
        self._waits = threading.local()

    def watch(self) -> Callable[[], None]:
        """Report calls until the returned function is called."""
        self._before, self._before_of_new = sys.getprofile(), threading.getprofile()
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        self._is_on = True
        return self._stop

    def _stop(self) -> None:
        self._is_on = False  # for the threads that have it
        sys.setprofile(self._before)
        threading.setprofile(self._before_of_new)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._is_on:
            sys.setprofile(None)
            return
        if self._before is not None:
            self._before(frame, event, argument)
        if event == "c_call":
            self._called(frame, argument)
        elif event in ("c_return", "c_exception"):
            self._returned(frame, argument)

    def _called(self, frame: FrameType, function: Any) -> None:
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if name == "acquire" and isinstance(owner, _LOCKS):
            self._waits.since = time.perf_counter() if _is_taken(owner) else None
        elif kind := _kind(owner, name):
            of = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__name__
            self._report(kind, f"{of}.{name}", frame)

    def _returned(self, frame: FrameType, function: Any) -> None:
        since = getattr(self._waits, "since", None)
        owner = getattr(function, "__self__", None)
        if since is None or not isinstance(owner, _LOCKS):
            return
        self._waits.since = None
        if time.perf_counter() - since > CONTENDED_S:
            self._report(names.BLOCK_LOCK, f"{type(owner).__name__}.acquire", frame)


def _kind(owner: Any, name: str) -> str:
    """Return which kind of call blocks; empty if it does not."""
    if owner is time and name == "sleep":
        return names.BLOCK_SLEEP if sys.version_info < _SLEEP_IS_AUDITED else ""
    if name in _FILE_CALLS and isinstance(owner, _FILES):
        return names.BLOCK_FILE if _is_on_disk(owner) else ""
    if name in _SOCKET_CALLS and may_wait(owner):
        return names.BLOCK_NETWORK
    if name in ("read", "write", "do_handshake") and type(owner).__name__ == "_SSLSocket":
        over = getattr(owner, "owner", None)  # an SSLObject is asyncio's, and waits for nothing
        return names.BLOCK_NETWORK if isinstance(over, ssl.SSLSocket) and may_wait(over) else ""
    return ""


def _is_on_disk(file: Any) -> bool:
    """Return whether a file is one of the system's, and not a standard stream."""
    if file in (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__):
        return False
    try:
        # pytest writes log lines to the null device, if to no other file.
        return file.fileno() not in _STANDARD and getattr(file, "name", "") != os.devnull
    except (OSError, ValueError):
        return False


def _is_taken(lock: Any) -> bool:
    """Return whether a lock can't be had at once."""
    if lock.acquire(False):
        lock.release()
        return False
    return True
