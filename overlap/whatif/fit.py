"""What no trace says of a service's event loops: chosen so that the replay fits the recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf
from typing import Final

from overlap.whatif.jobs import Recorded
from overlap.whatif.program import NS_PER_MS
from overlap.whatif.simulation import Outcome, simulate

UNSEEN_NS: Final = tuple(NS_PER_MS * quarters // 4 for quarters in (0, 1, 2, 3, 4, 6, 8, 12))
"""What is tried as the server's own work for a request: up to three milliseconds."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What no trace says of a service's loops, and fits best."""

    accepts_all: bool = False
    """Whether a loop accepts all connections that wait, rather than one a turn."""
    unseen_ns: int = 0
    """How long the server itself has the loop for each request, outside of the request's span."""


def fitted(one: Recorded) -> tuple[Outcome, Fit]:
    """Return the replay without a change that comes nearest to what was recorded, and its Fit."""
    best, found = inf, (simulate(()), Fit())
    for accepts_all in (False, True):
        for unseen_ns in UNSEEN_NS:
            fit = Fit(accepts_all, unseen_ns)
            outcome = simulate(one.jobs, None, one.pools, **asdict(fit))
            times = zip(outcome.times, one.jobs, strict=True)
            off = sum(abs(taken - job.recorded_ns) for taken, job in times)
            if off >= best and unseen_ns:
                break  # more of it would be worse still
            if off < best:
                best, found = off, (outcome, fit)
    return found
