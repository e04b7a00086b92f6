"""What a simulation is made of: event loops, tasks, and pools of threads and connections."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from overlap.whatif.program import Items
from overlap.whatif.simulation.interpreter_lock import InterpreterLock


class Loop:
    """One event loop."""

    __slots__ = ("accepted_at", "due", "is_busy", "lock", "running", "socket", "soon", "turn")

    def __init__(self) -> None:
        self.turn: deque[Step] = deque()
        """What this turn still runs."""
        self.soon: deque[Step] = deque()
        """What the callbacks of this turn made ready."""
        self.due: deque[Step] = deque()
        """What became ready by timers and the network."""
        self.socket: deque[int] = deque()
        """The requests that wait to be accepted; workers may share it."""
        self.accepted_at = -1
        self.is_busy = False
        self.running = 0
        self.lock: InterpreterLock | None = None
        """None where threads do not compute, or need no lock for it."""


class Task:
    """A position in a program. It wakes its parent at its end, if that waits for it."""

    __slots__ = ("at", "is_background", "items", "job", "left", "parent", "pool")

    def __init__(
        self, items: Items, job: int, parent: Task | None = None, *, is_background: bool = False
    ) -> None:
        self.items, self.job, self.parent = items, job, parent
        self.is_background: bool = parent.is_background if parent else is_background
        self.at = 0
        self.left = 0
        """How many tasks it still waits for."""
        self.pool: Pool | None = None
        """Has a place in it until its end."""


Step = tuple[Task, int, int]
"""A task, how long its step takes, and since when it is ready."""


class Pool:
    """Places that tasks take in order of asking; None for any number."""

    __slots__ = ("places", "waiting")

    def __init__(self, places: int | None) -> None:
        self.places = places
        self.waiting: deque[Task] = deque()

    def take(self, work: Task) -> bool:
        """Return whether a task has a place now; otherwise it waits for one."""
        if self.places is None or self._has_place(work.parent):
            return True
        work.pool = self
        if self.places > 0:
            self.places -= 1
            return True
        self.waiting.append(work)
        return False

    def give_back(self) -> list[Task]:
        """Take back a place; return the task that has it now, if one waited."""
        if self.places is None:
            return []
        if self.waiting:
            return [self.waiting.popleft()]
        self.places += 1
        return []

    def _has_place(self, task: Task | None) -> bool:
        """Return whether a task, or one that it works for, has a place in this pool already."""
        while task is not None:
            if task.pool is self:
                return True
            task = task.parent
        return False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation came to. By job, in nanoseconds."""

    times: list[int]
    """From the arrival to the end."""
    unaccepted: list[int]
    """From the arrival to the first step, where a server span begins."""
    ready: list[int]
    """Ready to run, and waiting for the loop; after the first step."""
    running: list[int]
    """By worker: how long its loop ran callbacks."""
    unfinished: int
    """Jobs that never ended, because pools wait for each other; their times are zero."""
    began_ns: int
    ended_ns: int
    """The last end of a request."""

    @property
    def utilization(self) -> list[float]:
        """How full each loop was, from the first arrival to the last end; 0 to 1."""
        length = max(1, self.ended_ns - self.began_ns)
        return [min(1.0, each / length) for each in self.running]
