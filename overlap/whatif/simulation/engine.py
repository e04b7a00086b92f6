"""The simulation itself: it takes events from a heap and lets tasks go on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, Final

from overlap.whatif.program import Call, Compute, Fork, Job, Run, Spawn, Use, Wait
from overlap.whatif.simulation.entities import Loop, Outcome, Pool, Step, Task
from overlap.whatif.simulation.interpreter_lock import InterpreterLock, Moment

_SEED: Final = 76
_STEP: Final = Run(0)


class Simulation:
    """One run; see `simulate`."""

    def __init__(  # noqa: PLR0913  as `simulate`
        self,
        jobs: Sequence[Job],
        workers: int | None,
        pools: Mapping[str, int],
        *,
        accepts_all: bool,
        unseen_ns: int,
        lock_waits: int | None,
    ) -> None:
        self._jobs, self._sizes, self._accepts_all = jobs, pools, accepts_all
        self._unseen_ns = unseen_ns
        self._last = (_STEP,) * (lock_waits or 0)
        self._is_shared = workers is not None and workers > 1
        count = workers or 1 + max((job.worker for job in jobs), default=0)
        self._loops = [Loop() for _ in range(count)]
        if self._is_shared:
            for loop in self._loops:
                loop.socket = self._loops[0].socket
        if lock_waits is not None:
            for loop in self._loops:
                loop.lock = InterpreterLock(self._push)
        self._at: list[Loop] = [self._loops[0 if workers else job.worker] for job in jobs]
        self._pools: dict[Any, Pool] = {}
        self._random = random.Random(_SEED)  # noqa: S311  no secret
        self._now = self._last_end = min((job.arrival_ns for job in jobs), default=0)
        self._began_ns = self._now
        self._in_step: Loop | None = None
        self._begun: list[int | None] = [None] * len(jobs)
        self._ended: list[int | None] = [None] * len(jobs)
        self._ready = [0] * len(jobs)
        self._number = len(jobs)
        self._heap: list[tuple[int, int, Any]] = [
            (job.arrival_ns, number, number) for number, job in enumerate(jobs)
        ]

    def run(self) -> Outcome:
        """Take events until there is none; return what they came to."""
        heap = self._heap
        heapify(heap)
        while heap:
            self._now, _, what = heappop(heap)
            if isinstance(what, Loop):
                self._end_step(what)
            elif isinstance(what, Task):
                self._advance(what)
            elif isinstance(what, Moment):
                self._switch(what)
            else:
                self._arrive(what)
        begun = [
            job.arrival_ns if at is None else at
            for job, at in zip(self._jobs, self._begun, strict=True)
        ]
        return Outcome(
            unfinished=self._ended.count(None),
            times=[
                0 if end is None else end - job.arrival_ns
                for end, job in zip(self._ended, self._jobs, strict=True)
            ],
            unaccepted=[at - job.arrival_ns for at, job in zip(begun, self._jobs, strict=True)],
            ready=self._ready,
            running=[loop.running for loop in self._loops],
            began_ns=self._began_ns,
            ended_ns=self._last_end,
        )

    # --- accepting --------------------------------------------------------------

    def _arrive(self, number: int) -> None:
        loop = self._at[number]
        if self._is_shared:
            idle = [each for each in self._loops if not each.is_busy]
            if idle:
                loop = idle[0] if len(idle) == 1 else self._random.choice(idle)
        elif self._accepts_all:
            self._queue(loop, self._accepting(loop, number))
            return
        if loop.is_busy:
            loop.socket.append(number)
        else:
            self._queue(loop, self._accepting(loop, number))

    def _accepting(self, loop: Loop, number: int) -> Step:
        """Return the callback that reads a request and starts its task, which waits for a turn."""
        self._at[number] = loop
        loop.accepted_at = self._now
        items = self._jobs[number].items
        begin = (_STEP,) if items and isinstance(items[0], Run) else (_STEP, _STEP)
        task = Task((*begin, *items, *self._last), number)
        task.at = 1
        return task, self._unseen_ns, self._now

    # --- the loop ---------------------------------------------------------------

    def _queue(self, loop: Loop, step: Step) -> None:
        (loop.soon if self._in_step is loop else loop.due).append(step)
        if not loop.is_busy:
            self._next(loop)

    def _next(self, loop: Loop) -> None:
        """Begin the next step of a loop, if there is one."""
        lock, is_same_turn = loop.lock, bool(loop.turn)
        if not loop.turn:
            loop.turn, loop.soon = loop.soon, loop.turn
            loop.turn.extend(loop.due)
            loop.due.clear()
            if loop.socket and (not loop.turn or loop.accepted_at != self._now):
                loop.turn.append(self._accepting(loop, loop.socket.popleft()))
        if lock is not None and not is_same_turn:
            lock.release(self._now, loop)
        if not loop.turn:
            loop.is_busy = False
            return
        loop.is_busy = True
        task, ns, since = loop.turn[0]
        if self._begun[task.job] is not None:
            if not task.is_background:
                self._ready[task.job] += self._now - since
        elif task.at > 1 or task.parent is not None:
            self._begun[task.job] = self._now
        loop.running += ns
        if lock is None:
            self._push(ns, loop)
        elif not lock.go_on(self._now, loop, ns):
            lock.acquire(self._now, loop, ns)

    def _switch(self, moment: Moment) -> None:
        """Let who has had the interpreter lock to the end go on, or another have it."""
        who = moment.lock.at(self._now, moment)
        if isinstance(who, Loop):
            self._end_step(who)
        elif who is not None:
            moment.lock.release(self._now, who)
            self._advance(who)

    def _end_step(self, loop: Loop) -> None:
        task = loop.turn.popleft()[0]
        self._in_step = loop
        self._advance(task)
        self._in_step = None
        self._next(loop)

    def _push(self, after: int, what: Any) -> None:
        self._number += 1
        heappush(self._heap, (self._now + after, self._number, what))

    # --- programs ---------------------------------------------------------------

    def _advance(self, first: Task) -> None:
        """Let a task go on until it waits or has ended, and with it those that it wakes."""
        todo = [first]
        while todo:
            task = todo.pop()
            if task.at == len(task.items):
                todo.extend(self._end(task))
                continue
            item = task.items[task.at]
            task.at += 1
            if isinstance(item, Run):
                self._queue(self._at[task.job], (task, item.ns, self._now))
            elif isinstance(item, Wait):
                self._push(item.ns, task)
            elif isinstance(item, Compute):
                if (lock := self._at[task.job].lock) is None:
                    self._push(item.recorded_ns, task)
                else:
                    lock.acquire(self._now, task, item.ns)
            elif isinstance(item, Call):
                task.left = 1
                todo.append(Task(item.items, task.job, task))
            elif isinstance(item, Fork):
                task.left = max(1, len(item.branches))
                started = [Task(branch, task.job, task) for branch in item.branches or ((),)]
                todo.extend(reversed(started))
            elif isinstance(item, Spawn):
                todo += (task, Task(item.items, task.job, is_background=True))
            else:
                task.left = 1
                todo.extend(self._take(item, task))

    def _take(self, item: Use, task: Task) -> list[Task]:
        work = Task(item.items, task.job, task)
        owner: Any = task.job if item.is_own else id(self._at[task.job])
        pool = self._pools.get((item.pool, item.is_own, owner))
        if pool is None:
            pool = Pool(self._sizes.get(item.pool))
            self._pools[item.pool, item.is_own, owner] = pool
        return [work] if pool.take(work) else []

    def _end(self, task: Task) -> list[Task]:
        """End a task; return those that go on."""
        woken: list[Task] = []
        if task.pool is not None:
            woken += task.pool.give_back()
        parent = task.parent
        if parent is not None:
            parent.left -= 1
            if not parent.left:
                woken.append(parent)
        elif not task.is_background:
            self._ended[task.job] = self._now
            self._last_end = max(self._last_end, self._now)
        return woken
