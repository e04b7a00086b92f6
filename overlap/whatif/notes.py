"""Sentences of a prediction: what the model does not have, and why nothing is predicted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from overlap.judge.summary import duration
from overlap.whatif.jobs import Recorded
from overlap.whatif.program import BORROWED, NS_PER_MS, SPANS, Job
from overlap.whatif.simulation import Outcome

LEAST_MS: Final = 5.0
"""What takes less is no difference."""
MUCH_IN_THREADS: Final = 0.05
"""Of the time of each worker, in which its threads computed: from here on they delay its loop."""
FEW: Final = 20
"""Of fewer requests the 99th percentile is only the longest."""


def of_service(jobs: Sequence[Job], replay: Outcome, *, has_lock: bool) -> Iterable[str]:
    """Yield what of a service the model takes for granted."""
    if not (computed := _much_in_threads(jobs, replay)):
        return
    if has_lock:
        yield (
            f"threads computed for {duration(_ms(computed))}: they are replayed with one "
            "interpreter lock for each worker, which its loop needs, too. Code in C that releases "
            "the lock is predicted too slow"
        )
    else:
        yield (
            f"threads computed for {duration(_ms(computed))}, and the recording fits better "
            "without an interpreter lock, as for code in C that releases it. Python code takes "
            "turns: more of it at once (--gather, --pool) is predicted too short then, and less of "
            "it (--workers, --faster) too long"
        )


def _much_in_threads(jobs: Sequence[Job], replay: Outcome) -> int:
    """Return for how long threads computed, in ns; 0 if that delays nobody who could be seen."""
    computed = sum(job.thread_cpu_ns for job in jobs)
    length = (replay.ended_ns - replay.began_ns) * len(replay.running)
    return computed if computed >= max(MUCH_IN_THREADS * length, LEAST_MS * NS_PER_MS) else 0


def of_route(jobs: Sequence[Job]) -> Iterable[str]:
    """Yield how well the requests of a route are known."""
    alone = sum(job.known_from == SPANS for job in jobs)
    if alone:
        yield (
            f"{_of(alone, jobs)} from spans alone: without the lens, only blocks are known to run "
            "on the loop"
        )
    borrowed = sum(job.known_from == BORROWED for job in jobs)
    if borrowed:
        yield f"{_of(borrowed, jobs)} not measured by the lens: replayed as the nearest that was"
    if len(jobs) < FEW:
        yield f"{len(jobs)} requests: the 99th percentile is the longest of them"


def _of(count: int, jobs: Sequence[Job]) -> str:
    return "all" if count == len(jobs) else f"{count:,} of {len(jobs):,}"


def why_not(one: Recorded, jobs: Sequence[Job], replay: Outcome, off: Sequence[str]) -> str:
    """Return why the replay differs from what was recorded, as far as the traces show it."""
    recorded = sum(job.ready_ns for job in one.jobs)
    replayed = sum(replay.ready)
    what = f"not predicted, as the replay misses {', '.join(key[:3] for key in off)}"
    if any(job.known_from == SPANS for job in jobs):
        return f"{what}: the lens did not measure what these requests do on the loop"
    if recorded > 1.5 * replayed + LEAST_MS * NS_PER_MS:
        return (
            f"{what}: requests waited {_ms(recorded):,.0f} ms for the loop, and the requests in "
            f"these traces explain {_ms(replayed):,.0f} ms; other work ran there (requests that "
            "were not sampled, threads that had the interpreter lock, tasks without a span)"
        )
    if computed := _much_in_threads(one.jobs, replay):
        return (
            f"{what}: threads computed for {duration(_ms(computed))} meanwhile, neither in turns "
            "by an interpreter lock nor all at once"
        )
    if any(job.known_from == BORROWED for job in jobs):
        return f"{what}: requests of this route differ, and the lens measured some of them only"
    return f"{what}: its spans overlap in a way that the model does not have"


def _ms(ns: int) -> float:
    return round(ns / NS_PER_MS, 3)
