"""The time of one span: its tasks ran, were ready to run, or waited. In seconds of one clock."""

from __future__ import annotations

from collections.abc import Callable
from heapq import nlargest
from typing import Any
from weakref import ReferenceType

WAIT_S = 0.005
"""For a wait this long, it is recorded what the task awaited."""
MOST_WAITS = 32
"""The most waits that a span lists; of more, the longer half is kept."""

MOST_TURNS = 64
"""The most turns of the loop that a span lists; of more, those close together are merged."""
GAP_S = 0.001
"""Turns with a shorter gap between them are merged."""


class Account:
    """Time of one span, added up step by step, each instant once.

    At an instant, a span's tasks are running if one of them has the loop; ready if none has
    it and one of them could; else awaiting. Steps are added in the order in which they ran.
    A loop runs its callbacks first come, first served, so what is covered never has a hole
    that a later step could fill.
    """

    __slots__ = ("__weakref__", "began", "covered", "edges", "idle", "late", "line", "longest",
                 "longest_waits", "open", "outermost", "parent", "ready", "running", "task",
                 "turns", "unexplained", "waits")  # fmt: skip

    def __init__(self, parent: Account | None, began: float, *, lists_turns: bool) -> None:
        self.parent = parent
        self.began = began
        self.covered = began
        """The end of the time that is accounted for."""
        self.running = 0.0
        self.ready = 0.0
        self.longest = 0.0
        self.line: str | None = None
        """The line of the longest step, if known."""
        self.idle: float | None = None
        """For how long of that step the loop's thread did not compute, if known."""
        self.turns: list[float] | None = [] if lists_turns else None
        self.open = True
        self.late: Callable[[float, float], None] | None = None
        """Receives the seconds of steps that run after it was closed: running, ready."""
        self.waits: list[tuple[float, float, str]] = []
        """Since when and how long nothing of the span ran, and what was awaited."""
        self.unexplained = False
        """Whether it is not known yet what the last of them awaited."""
        self.longest_waits: Any = None
        """Those that become spans (overlap.lens.waits); None as long as there is none."""
        self.edges: Any = None
        """The longest waits that another task ended (overlap.lens.waits.edges); as above."""
        self.task = 0
        """The number of the task in which the span started; 0 for none. Set from outside."""
        self.outermost: ReferenceType[Any] | None = parent.outermost if parent else None
        """To the span that all above it are below: a request's, mostly. Set from outside."""

    def add(
        self,
        ready: float,
        begin: float,
        end: float,
        line: str | None = None,
        idle: float | None = None,
    ) -> None:
        """Add a step that was ready at `ready` and ran from `begin` to `end`."""
        covered = self.covered
        if begin > covered:
            self.ready += begin - (ready if ready > covered else covered)
        else:
            begin = covered
        took = end - begin
        if took <= 0:
            return
        self.covered = end
        self.running += took
        if took > self.longest:
            self.longest, self.line, self.idle = took, line, idle
        turns = self.turns
        if turns is None:
            return
        if turns and begin - turns[-1] < GAP_S:
            turns[-1] = end
            return
        turns += (begin, end)
        if len(turns) > 2 * MOST_TURNS:
            _join(turns)

    def add_wait(self, until: float, awaited: str) -> None:
        """Add a wait that began with the end of the last step, if it was long.

        awaited: empty before the first step of a new task, which waited for nothing. Who waited
        is who runs next: perhaps that task has just released it.
        """
        if self.unexplained and awaited:
            self.waits[-1] = (*self.waits[-1][:2], awaited)
            self.unexplained = False
        if until - self.covered > WAIT_S:
            self.waits.append((self.covered, until - self.covered, awaited))
            self.unexplained = not awaited
        if len(self.waits) > MOST_WAITS and not self.unexplained:
            longest = nlargest(MOST_WAITS // 2, self.waits, key=lambda wait: wait[1])
            self.waits[:] = sorted(longest)


def _join(turns: list[float]) -> None:
    """Keep the widest half of the gaps: on average each turn is merged once."""
    gaps = range(1, len(turns) - 1, 2)
    widest = nlargest(MOST_TURNS // 2 - 1, gaps, key=lambda at: turns[at + 1] - turns[at])
    turns[:] = [
        turns[0],
        *(edge for at in sorted(widest) for edge in (turns[at], turns[at + 1])),
        turns[-1],
    ]
