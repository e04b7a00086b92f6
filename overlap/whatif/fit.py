"""What no trace says of a service's event loops: chosen so that the replay fits the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Final

from overlap.whatif.jobs import Recorded
from overlap.whatif.program import NS_PER_MS, Compute, Fork, Items, Run, Wait
from overlap.whatif.simulation import Outcome, simulate

UNSEEN_NS: Final = tuple(NS_PER_MS * quarters // 4 for quarters in (0, 1, 2, 3, 4, 6, 8, 12))
"""What is tried as the server's own work for a request: up to three milliseconds."""

LOCK_WAITS: Final = (1, 2, 3, 4, 6, 8, 12)
"""What is tried as the server's own waits for the interpreter lock: each system call is one."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What no trace says of a service's loops, and fits best."""

    accepts_all: bool = False
    """Whether a loop accepts all connections that wait, rather than one a turn."""
    unseen_ns: int = 0
    """How long the server itself has the loop for each request, outside of the request's span."""
    lock_waits: int | None = None
    """How often it asks for the interpreter lock for each request, beside the steps of the request;
    None where threads compute all at once: code in C may release the lock."""


MOST_OFF: Final = 0.15
"""With an interpreter lock, the requests that compute in threads may be off by this part of their
time. Beyond it they did not take turns: as code in C that releases the lock."""


def fitted(one: Recorded) -> tuple[Outcome, Fit]:
    """Return the replay without a change that comes nearest to what was recorded, and its Fit.

    A replay without a lock gives back how long each call took, by its nature. So the lock is there
    unless a replay with it is far off.
    """
    computing = [number for number, job in enumerate(one.jobs) if _computes(job.items)]
    if computing:
        best = _fitted(one, 0)
        for waits in LOCK_WAITS:
            if not best.takes(replace(best.fit, lock_waits=waits)):
                break
        if best.is_near(computing):
            return best.outcome, best.fit
    best = _fitted(one, None)
    return best.outcome, best.fit


def _fitted(one: Recorded, lock_waits: int | None) -> _Best:
    best = _Best(one)
    for accepts_all in (False, True):
        for unseen_ns in UNSEEN_NS:
            if not best.takes(Fit(accepts_all, unseen_ns, lock_waits)) and unseen_ns:
                break  # more of it would be worse still
    return best


class _Best:
    def __init__(self, one: Recorded) -> None:
        self._one, self._off = one, inf
        self.outcome, self.fit = simulate(()), Fit()

    def takes(self, fit: Fit) -> bool:
        """Replay with a Fit, and keep it if none came nearer; return whether it did."""
        one = self._one
        outcome = simulate(one.jobs, None, one.pools, **asdict(fit))
        times = zip(outcome.times, one.jobs, strict=True)
        off = sum(abs(taken - job.recorded_ns) for taken, job in times)
        if off >= self._off:
            return False
        self._off, self.outcome, self.fit = off, outcome, fit
        return True

    def is_near(self, numbers: Sequence[int]) -> bool:
        """Return whether the best replay of these jobs is near to what was recorded."""
        jobs, times = self._one.jobs, self.outcome.times
        off = sum(abs(times[number] - jobs[number].recorded_ns) for number in numbers)
        return off <= MOST_OFF * sum(jobs[number].recorded_ns for number in numbers)


def _computes(items: Items) -> bool:
    """Return whether a program computes in threads."""
    todo = [items]
    while todo:
        for item in todo.pop():
            if isinstance(item, Compute):
                return True
            if isinstance(item, Fork):
                todo.extend(item.branches)
            elif not isinstance(item, Run | Wait):
                todo.append(item.items)
    return False
