"""The interpreter lock of a worker: its loop and its threads take turns to run Python code.

As CPython's, it is kept until its holder waits or has ended, or until another one has waited for a
switch interval (`sys.getswitchinterval()`, 5 ms); each switch begins a new interval. Those that
wait get it first come, first served; CPython leaves that to the operating system. A loop gives it
up at the end of each of its turns, where it asks for events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

SWITCH_NS: Final = 5_000_000


@dataclass(slots=True)
class _Claim:
    who: Any
    left: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which the holder of a lock has ended, or must give it up."""

    lock: InterpreterLock
    number: int
    """Of the grant, or of the part of it that ends."""
    is_end: bool


class InterpreterLock:
    """One lock. `push` adds a Moment to the events, so many ns from now."""

    __slots__ = ("_end", "_grant", "_holder", "_push", "_since", "_switches", "_waiting")

    def __init__(self, push: Callable[[int, Moment], None]) -> None:
        self._push = push
        self._holder: _Claim | None = None
        self._waiting: deque[_Claim] = deque()
        self._grant = self._end = 0
        """Numbers of the last grant and of its last part: earlier moments mean nothing."""
        self._since = 0
        self._switches = False
        """Whether the holder has been asked to give it up."""

    def acquire(self, now: int, who: Any, ns: int) -> None:
        """Let `who`, a loop or a task in a thread, run for so long as soon as it has the lock."""
        self._waiting.append(_Claim(who, ns))
        if self._holder is None:
            self._next(now)
        elif not self._switches:
            self._ask()

    def go_on(self, now: int, who: Any, ns: int) -> bool:
        """Let the holder, whose time has ended, run for longer; return False if it is another."""
        if self._holder is None or self._holder.who is not who:
            return False
        self._run(now, ns)
        return True

    def release(self, now: int, who: Any) -> None:
        """Give the lock to the next one, if `who` has it."""
        if self._holder is not None and self._holder.who is who:
            self._holder = None
            self._next(now)

    def at(self, now: int, moment: Moment) -> Any:
        """Return who has ended at a moment, and still has the lock; None if nobody has."""
        holder = self._holder
        if holder is None or moment.number != (self._end if moment.is_end else self._grant):
            return None
        if moment.is_end:
            return holder.who
        holder.left -= now - self._since
        self._waiting.append(holder)
        self._holder = None
        self._next(now)
        return None

    def _ask(self) -> None:
        self._switches = True
        self._push(SWITCH_NS, Moment(self, self._grant, is_end=False))

    def _next(self, now: int) -> None:
        if not self._waiting:
            return
        self._holder = self._waiting.popleft()
        self._switches = False
        self._grant += 1
        self._run(now, self._holder.left)
        if self._waiting:
            self._ask()

    def _run(self, now: int, ns: int) -> None:
        assert self._holder is not None  # noqa: S101  for mypy
        self._holder.left, self._since = ns, now
        self._end += 1
        self._push(ns, Moment(self, self._end, is_end=True))
