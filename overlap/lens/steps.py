"""Time each step of each task of one loop, through the loop's own `call_soon`."""

from __future__ import annotations

import asyncio
import sys
from asyncio import futures
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock, get_ident
from time import perf_counter
from typing import Any
from weakref import WeakSet

from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap.lens.account import WAIT_S, Account
from overlap.lens.current_account import CURRENT, account_in
from overlap.lens.debug_step import TASKS, Step, replace_queued
from overlap.lens.eager_tasks import see_eager_tasks
from overlap.lens.request_budget import MOST_A_SECOND, Budget
from overlap.lens.seen_step import LONG_S, Seen
from overlap.lens.waits import LEAST_S, observe
from overlap.recorder import active, loop_steps
from overlap.runtime import stack
from overlap.runtime.await_chain import await_line, describe, is_new
from overlap.runtime.guard import failed
from overlap.runtime.loop_methods import MethodReplacements

TIMER_S = 0.001
"""How late a timer fires on an idle loop: uvloop counts in milliseconds."""

_WAKE: Any = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
"""The callback that asyncio.sleep gives to the loop's timer."""
_HERE: dict[int, Steps] = {}  # by thread: the Steps of the loop that runs there
_NEVER = (float("inf"), None)  # the previous step of a task that has had none under a span
_NO_RESULT = object()  # the argument of a task's first step, which has none


def running_here() -> Steps | None:
    """Return the Steps of the loop that this thread runs; None without a lens."""
    return _HERE.get(get_ident())


class Steps:
    """Times the steps of a loop, and adds each to the accounts of the spans it worked for.

    most_a_second: the most outermost spans a second; steps of other spans, and of those below
        them, are not timed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, most_a_second: float = MOST_A_SECOND
    ) -> None:
        self.loop = loop
        self._budget = Budget(most_a_second)
        self._undo = ExitStack()
        self.began = 0.0
        """When the current step began; 0 if none runs."""
        self.ready = 0.0
        """Since when that step was ready to run."""
        self.seen = Seen()
        """The last long step that the watchdog looked at."""
        self._due = 0.0
        self.record = active.step_recorder()  # of the flight recorder
        self._open: WeakSet[Account] = WeakSet()
        self._lock = Lock()
        self._replacements = MethodReplacements(
            loop, {"call_soon": self._call_soon, "call_later": self._call_later}
        )

    def start(self) -> None:
        """Start. On the loop's thread. Raises AttributeError if the loop takes no attributes."""
        self._undo.callback(self._replacements.off)
        self._replacements.on()
        replace_queued(self.loop, lambda step: Step(_run, self, step, perf_counter()))
        if hasattr(asyncio, "eager_task_factory"):  # Python 3.12
            self._undo.callback(see_eager_tasks(self.loop))
        _HERE[get_ident()] = self
        self._undo.callback(_HERE.pop, get_ident(), None)

    def stop(self) -> None:
        """Stop. Steps already in the loop's queue are still counted."""
        with self._lock:
            self._undo.close()

    def take_from_budget(self) -> bool:
        """Return whether an outermost span that starts now is measured. On the loop's thread."""
        if not self.began and asyncio.current_task(self.loop) is not None:
            return False  # in a step that was queued while resting, and is not timed
        if self._budget.take(perf_counter()):
            return True
        self._rest()
        return False

    def opened(self, account: Account) -> None:
        """Register an open account."""
        self._open.add(account)

    def closed(self, account: Account) -> None:
        """Forget an account that is closed. From any thread."""
        self._open.discard(account)
        if self._budget.resting:
            self._rest()

    def _rest(self) -> None:
        # Without open accounts, the loop's methods are restored until the second is over.
        if not self._replacements.is_on:  # mostly: this runs in each request that is not measured
            return
        with self._lock:
            if self._budget.resting and not self._open:
                self._replacements.off()

    def look(self, now: float, ident: int | None, used: float = 0.0) -> None:
        """Record the line of the current step, if it is a long one. From another thread.

        used: the seconds of processor time of the loop's thread.
        """
        if self._budget.resting:
            with self._lock:
                self._budget.wake(now)
                if not self._budget.resting and ident in _HERE:
                    loop_steps.wake(self.loop)
                    self._replacements.on()
        began = self.began
        if not began or ident is None or not self.seen.is_due(began, now):
            return
        frame = sys._current_frames().get(ident)
        if frame is not None and self.began == began:
            self.seen = self.seen.looked(began, now, used, frame)

    def place(self, began: float, callback: Any) -> str | None:
        """Return the line at which a long step was seen; otherwise where its task is after it."""
        return self.seen.line_of(began) or await_line(callback.__self__)

    def _call_soon(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        is_debug, budget = self.loop.get_debug, self._budget

        def call_soon(callback: Any, *args: Any, context: Any = None) -> Any:
            task = getattr(callback, "__self__", None)
            if (
                isinstance(task, TASKS)
                and len(args) < 2
                and not (budget.resting and account_in(context) is None)
            ):
                ready = self._due or perf_counter()
                if args and ready - getattr(task, "overlap_step", _NEVER)[0] >= LEAST_S:
                    observe(task, ready, args[0], context)
                if is_debug():  # asyncio inspects the callbacks then
                    return stock(Step(_run, self, callback, ready), *args, context=context)
                # A step has one argument or none; two calls written out are twice as fast.
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
        # A sleeping task is ready when its time is up, however late the loop runs it.
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
        # Before the step, the task still stands where it waited.
        span = CURRENT.get().get(SPAN_KEY)
        account: Account | None = getattr(span, "overlap_account", None)
        if (
            account is not None
            and (ready - account.covered > WAIT_S or account.unexplained)
            and account.open
        ):
            task = callback.__self__
            account.add_wait(ready, "" if is_new(task) else describe(task))
    except Exception:
        failed("a wait is not described by the lens")
    try:
        if result is _NO_RESULT:
            callback()
        else:
            callback(result)
    finally:
        end = perf_counter()
        steps.began = 0.0
        try:
            # Here, the context is the task's own.
            span = CURRENT.get().get(SPAN_KEY)
            if span is not None:
                _add(span, steps, callback, ready, begin, end)
            if steps.record is not None:
                steps.record(callback.__self__, ready, begin, end)
        except Exception:
            failed("a step is not measured by the lens")


def _add(  # noqa: PLR0913, PLR0917  all that is known of a step
    span: Any, steps: Steps, callback: Any, ready: float, begin: float, end: float
) -> None:
    account: Account | None = getattr(span, "overlap_account", None)
    if account is not None:
        callback.__self__.overlap_step = (end, span)
    line = idle = None
    if end - begin > LONG_S:
        line, idle = steps.place(begin, callback), steps.seen.idle(begin, end)
    while account is not None:
        if account.open:
            account.add(ready, begin, end, line, idle)
        elif account.late is not None:
            account.late(end - begin, begin - ready)
        account = account.parent


stack.WRAPPERS.add(_run.__code__)
