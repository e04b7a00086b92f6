"""Each step of each task of one loop, seen through the loop's own `call_soon`."""

from __future__ import annotations

import asyncio
import sys
from asyncio import futures
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from threading import Lock, get_ident
from time import perf_counter
from typing import Any
from weakref import WeakSet

from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap.lens.account import Account
from overlap.lens.current_account import CURRENT, account_in
from overlap.lens.eager_tasks import see_eager_tasks
from overlap.lens.request_budget import MOST_A_SECOND, Budget
from overlap.runtime import stack
from overlap.runtime.await_chain import place_of, words
from overlap.runtime.loop_methods import Worn

TIMER_S = 0.001
"""How late a timer comes on a loop at ease: uvloop counts in milliseconds."""
LONG_S = 0.005
"""Of a step this long it is asked where it ended, if nobody saw where it was."""

_TASKS: tuple[type, ...] = tuple({asyncio.Task, asyncio.tasks._PyTask})  # type: ignore[attr-defined]
_WAKE: Any = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
"""What asyncio.sleep leaves with the loop's timer."""
_HERE: dict[int, Steps] = {}
"""By thread: the steps of the loop that runs there."""
_NO_RESULT = object()
"""Stands for the argument of a task's first step, which has none."""


def running_here() -> Steps | None:
    """The steps of the loop that this thread runs, where there is a lens on it."""
    return _HERE.get(get_ident())


class Steps:
    """Times the steps of a loop, and adds each to the accounts of the spans it worked for.

    most_a_second: of so many outermost spans at most; of the others, and of all below them,
        no step is timed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, most_a_second: float = MOST_A_SECOND
    ) -> None:
        self._loop = loop
        self._budget = Budget(most_a_second)
        self._undo = ExitStack()
        self.began = 0.0
        """When the step that runs now began; 0 where none does."""
        self.ready = 0.0
        """Since when that step could have run."""
        self.seen: tuple[float, str] = (0.0, "")
        """The begin of a step that another thread looked at, and the line it was at."""
        self._due = 0.0
        self._open: WeakSet[Account] = WeakSet()
        self._lock = Lock()
        self._worn = Worn(loop, {"call_soon": self._call_soon, "call_later": self._call_later})

    def start(self) -> None:
        """Begin. On the loop's thread. Raises where the loop takes no attributes."""
        self._undo.callback(self._worn.off)
        self._worn.on()
        if hasattr(asyncio, "eager_task_factory"):  # Python 3.12
            self._undo.callback(see_eager_tasks(self._loop))
        ident = get_ident()
        _HERE[ident] = self
        self._undo.callback(_HERE.pop, ident, None)

    def stop(self) -> None:
        """End. Steps that wait in the loop's queue are still counted."""
        with self._lock:
            self._undo.close()

    def looks_at_one_more(self) -> bool:
        """Whether an outermost span that begins now gets an account. On the loop's thread."""
        if not self.began and asyncio.current_task(self._loop) is not None:
            return False  # in a step that was put in the queue at rest, and is not timed
        if self._budget.take(perf_counter()):
            return True
        self._rest()
        return False

    def opened(self, account: Account) -> None:
        """Hear of an account to which steps are to be added."""
        self._open.add(account)

    def closed(self, account: Account) -> None:
        """Hear that it is over. From any thread."""
        self._open.discard(account)
        if self._budget.resting:
            self._rest()

    def _rest(self) -> None:
        # With nothing to add steps to, the loop goes without us until the second is over.
        with self._lock:
            if self._budget.resting and not self._open:
                self._worn.off()

    def look(self, now: float, ident: int | None) -> None:
        """Note where the step is that runs now, if it is a long one. From another thread."""
        if self._budget.resting:
            with self._lock:
                self._budget.wake(now)
                if not self._budget.resting and ident in _HERE:
                    self._worn.on()
        began = self.began
        if not began or now - began < LONG_S or self.seen[0] == began or ident is None:
            return
        frame = sys._current_frames().get(ident)
        if frame is not None and self.began == began:
            line = stack.culprit(stack.lines(frame, None))
            self.seen = (began, words(line))

    def place(self, began: float, callback: Any) -> str | None:
        """Where a long step was seen to be; else where its task stands after it."""
        at, line = self.seen
        return line if at == began else place_of(callback.__self__)

    def _call_soon(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        is_debug, budget = self._loop.get_debug, self._budget

        def call_soon(callback: Any, *args: Any, context: Any = None) -> Any:
            if (
                isinstance(getattr(callback, "__self__", None), _TASKS)
                and len(args) < 2
                and not (budget.resting and account_in(context) is None)
            ):
                ready = self._due or perf_counter()
                if is_debug():  # asyncio looks at the callbacks then
                    return stock(Step(_run, self, callback, ready), *args, context=context)
                # A step has one argument or none; written out, that is twice as fast.
                if not args:
                    return stock(_run, self, callback, ready, context=context)
                return stock(_run, self, callback, ready, args[0], context=context)
            return stock(callback, *args, context=context)

        return call_soon

    def _call_later(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def call_later(delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
            if callback is _WAKE:
                due = perf_counter() + delay + TIMER_S
                return stock(delay, self._wake, due, *args, context=context)
            return stock(delay, callback, *args, context=context)

        return call_later

    def _wake(self, due: float, *args: Any) -> None:
        # Who slept could go on when the time was up, however late the loop came to it.
        self._due = due if due < perf_counter() else 0.0
        try:
            _WAKE(*args)
        finally:
            self._due = 0.0


def _run(steps: Steps, callback: Any, ready: float, result: Any = _NO_RESULT) -> None:
    __traceback_hide__ = True
    steps.ready = ready
    steps.began = begin = perf_counter()
    try:
        if result is _NO_RESULT:
            callback()
        else:
            callback(result)
    finally:
        end = perf_counter()
        steps.began = 0.0
        # Here, the context is the task's own.
        span = CURRENT.get().get(SPAN_KEY)
        if span is not None:
            account: Account | None = getattr(span, "overlap_account", None)
            line = steps.place(begin, callback) if end - begin > LONG_S else None
            while account is not None:
                if account.open:
                    account.add(ready, begin, end, line)
                account = account.parent


class Step(partial[None]):
    """A task's step in the loop's queue. To asyncio's debug mode it looks like the task's own.

    A partial, since that is made and called in C.
    """

    __slots__ = ()

    @property
    def __self__(self) -> Any:
        return self.args[1].__self__


stack.AROUND.add(_run.__code__)
