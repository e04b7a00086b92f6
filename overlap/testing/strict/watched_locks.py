"""Locks of the project, replaced by ones that report who waits for them: `with lock:` included.

Those are the locks that the project's modules hold: as globals, in their classes, and in objects
that are globals; and every lock that they make meanwhile. All are put back afterwards.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, Final

from overlap import names
from overlap.runtime.stack import is_users
from overlap.testing.strict.audit_events import Report

_LOCKS: Final = (_thread.LockType, type(_thread.RLock()))
_MAKE: Final[dict[Any, str]] = {threading.Lock: "Lock", threading.RLock: "RLock"}


class WatchedLock:
    """A lock that reports on whom it makes wait; all else is the lock's own."""

    def __init__(self, lock: Any, report: Report) -> None:
        self._lock, self._report = lock, report

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, as the lock itself does."""
        if self._lock.acquire(False):
            return True
        if not blocking:
            return False
        self._report(names.BLOCK_LOCK, f"{type(self._lock).__name__}.acquire", sys._getframe(1))
        taken: bool = self._lock.acquire(True, timeout)
        return taken

    def __enter__(self) -> bool:
        if self._lock.acquire(False):
            return True
        self._report(names.BLOCK_LOCK, f"with {type(self._lock).__name__}", sys._getframe(1))
        taken: bool = self._lock.acquire()
        return taken

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


def watch(report: Report) -> Callable[[], None]:
    """Replace the locks of the project until the returned function is called."""
    undo = ExitStack()
    for owner, name, value in [*_held()]:
        ours: Any = _maker(value, report) if _is_maker(value) else WatchedLock(value, report)
        with suppress(AttributeError, TypeError):  # slots, or a class that forbids it
            setattr(owner, name, ours)
            undo.callback(_put_back, owner, name, ours, value)
    for name in ("Lock", "RLock"):
        stock = getattr(threading, name)
        setattr(threading, name, _maker(stock, report))
        undo.callback(setattr, threading, name, stock)
    return undo.close


def _maker(make: Any, report: Report) -> Callable[[], Any]:
    """Return what makes locks: watched ones where a line of the project asks for one."""

    def lock() -> Any:
        made = make()
        return WatchedLock(made, report) if is_users(sys._getframe(1).f_code.co_filename) else made

    return lock


def _put_back(owner: Any, name: str, ours: Any, value: Any) -> None:
    if vars(owner).get(name) is ours:
        setattr(owner, name, value)


def _held() -> Iterator[tuple[Any, str, Any]]:
    """Yield each lock that the project's modules hold: its owner, its name there, the lock."""
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not is_users(file):
            continue
        for name, value in [*vars(module).items()]:
            if _is_watchable(value):
                yield module, name, value
            elif not isinstance(value, type(sys)):
                yield from _inside(value)


def _inside(value: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield the locks in a class of the project, or in an object of one."""
    owner = value if isinstance(value, type) else type(value)
    module = sys.modules.get(getattr(owner, "__module__", ""))
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not is_users(file):
        return
    for name, inner in [*getattr(value, "__dict__", {}).items()]:
        if isinstance(inner, _LOCKS):
            yield value, name, inner


def _is_watchable(value: Any) -> bool:
    return isinstance(value, _LOCKS) or _is_maker(value)


def _is_maker(value: Any) -> bool:
    return any(value is make for make in _MAKE)
