"""Which task ended the wait of another one: the edges of the graph of who waited for whom.

When a task becomes ready again, the one that made it ready is known without a look at any other:

- It awaited a task: that one. It runs its last step at this moment.
- Another task runs: it released the lock, put the item, completed the future.
- A callback of a task that has just ended runs: asyncio's own for `wait`, `TaskGroup` and so on,
  which received that task as its argument. Of several awaited tasks that is the one that ended
  last, or that satisfied the wait; the others had ended before and decided nothing. `gather` keeps
  its tasks, and the lens knows when each of them ran its last step.

Timers, the network and threads are no tasks: such a wait has no edge.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from inspect import CO_VARARGS
from types import FrameType
from typing import Any, NamedTuple

from overlap import names
from overlap.lens.debug_step import TASKS
from overlap.lens.waits.kinds import Place
from overlap.lens.waits.task_number import number_of

MOST_FRAMES = 5
"""The most frames between the callback of an ended task and the future that it completes."""
_GATHERING = "_GatheringFuture"
_SHIELD = "_inner_done_callback"
"""asyncio.shield's callback. Nothing in the chain of awaits shows a shield."""


class Edge(NamedTuple):
    """A wait of one task that another one ended. Times in seconds of time.perf_counter()."""

    began: float
    ended: float
    task: int
    how: str
    by: int
    line: str
    """The innermost line of the user's code that waited; empty if none is known."""


def released_by(task: Any, future: Any) -> tuple[Any, str]:
    """Return the task that lets `task` continue, and the function that did; None if no task did.

    On the loop's thread, while `task` becomes ready. future: what it awaited.
    """
    if isinstance(future, TASKS):
        return future, ""
    if type(future).__name__ == _GATHERING:
        # Its callback does not hold on to its argument. Each step of a measured task is noted.
        ended = [one for one in future._children if _has_ended(one)]
        return max(ended, key=_last_step, default=None), ""
    running = asyncio.current_task(task.get_loop())
    if running is not None and running is not task:
        return running, ""
    return _ended_task(sys._getframe(1))


def how_awaited(places: Sequence[Place], kind: str, future: Any, function: str) -> str:
    """Return how a task was awaited.

    places: the chain of awaits, innermost first. kind: of the wait, empty if it has none.
    function: the one that completed the future.
    """
    if type(future).__name__ == _GATHERING:
        return names.AWAIT_BY_GATHER
    near = [place.function.how for place in places[:2] if place.function.how]
    if names.AWAIT_BY_AS_COMPLETED in near:
        return names.AWAIT_BY_AS_COMPLETED  # it waits for its own queue
    if kind:
        return kind
    if near:
        return near[0]
    if isinstance(future, TASKS):
        return names.AWAIT_BY_AWAIT
    return names.AWAIT_BY_SHIELD if function == _SHIELD else names.AWAIT_BY_FUTURE


def edge(  # noqa: PLR0913, PLR0917  all that is known of a wait
    task: Any, began: float, ended: float, by: Any, how: str, line: str
) -> Edge:
    """Return the edge from a task to the one that ended its wait."""
    return Edge(began, ended, number_of(task), how, number_of(by), line)


def as_text(edges: Sequence[Edge], began: float) -> str:
    """Return edges as the attribute AWAIT_EDGES holds them. began: the begin of their span."""
    return "\n".join(
        f"{max(0, int((each.began - began) * 1e6))}+{int((each.ended - each.began) * 1e6)} "
        f"{each.task} {each.how} {each.by}" + (f" {each.line}" if each.line else "")
        for each in sorted(edges, key=lambda each: (each.began, each.task))
    )


def _has_ended(one: Any) -> bool:
    """Return whether something is a task that has ended."""
    return isinstance(one, TASKS) and asyncio.isfuture(one) and one.done()


def _last_step(task: Any) -> float:
    """Return when the last step of a task ended; 0 if it is not measured."""
    return float(getattr(task, "overlap_step", (0.0, None))[0])


def _ended_task(frame: FrameType | None) -> tuple[Any, str]:
    """Return the ended task that a callback received as an argument, and the callback's name."""
    while frame is not None and frame.f_globals.get("__name__") in _OURS:
        frame = frame.f_back
    for _ in range(MOST_FRAMES):
        if frame is None or (code := frame.f_code) is _TIMER:
            break
        module = frame.f_globals.get("__name__")
        if module in _RUN_LOOPS:
            break
        if module not in _NETWORK:
            here = frame.f_locals  # a copy of them all, before Python 3.13
            last = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
            for name in code.co_varnames[:last]:
                value = here.get(name)
                for one in value if isinstance(value, tuple) else (value,):
                    if _has_ended(one):
                        return one, code.co_name
        frame = frame.f_back
    return None, ""


_TIMER = asyncio.futures._set_result_unless_cancelled.__code__  # type: ignore[attr-defined]
"""The callback of asyncio.sleep."""
_OURS = frozenset({"overlap.lens.steps", "overlap.lens.waits.observation", __name__})
_RUN_LOOPS = frozenset({"asyncio.events", "asyncio.base_events", "asyncio.runners"})
"""Modules that run loops: in their callers no callback is found."""
_NETWORK = frozenset({"asyncio.selector_events", "asyncio.sslproto", "asyncio.streams"})
"""Modules whose functions receive no ended task."""
