"""Replay recorded requests as they were, check the result, then replay them with changes.

The replay without a change must give back what was recorded. Its error is the least that a
prediction can claim: where it is large, nothing is predicted, and it is said why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from math import ceil
from typing import Any, Final

from overlap.errors import OverlapError
from overlap.whatif.changes import POOL, PROCESSES, WORKERS, Applied, Change, matches
from overlap.whatif.fit import fitted
from overlap.whatif.jobs import Recorded
from overlap.whatif.notes import LEAST_MS, of_route, of_service, why_not
from overlap.whatif.program import NS_PER_MS
from overlap.whatif.simulation import Outcome, simulate

VERSION: Final = 1
SHARES: Final = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
MOST_ERROR: Final = {"p50_ms": 0.15, "p95_ms": 0.25, "p99_ms": 0.25}
"""A replay without a change that is further off is no ground for a prediction, unless by less than
LEAST_MS."""


def what_if(
    services: Sequence[Recorded], changes: Sequence[Change], route: str | None = None
) -> dict[str, Any]:
    """Return the document of docs/reference/whatif.md.

    Raise OverlapError if there is no request, or if a change fits none.
    """
    if not any(one.jobs for one in services):
        raise OverlapError("there is no ended request (a server span) in these traces")
    counts = [0] * len(changes)
    parts = [_of_service(one, changes, counts) for one in services if one.jobs]
    for change, count in zip(changes, counts, strict=True):
        if not count:
            raise OverlapError(_fits_none(change, services))
    rows = [row for part in parts for row in part["routes"] if _is_wanted(row["route"], route)]
    if not rows:
        raise OverlapError(f"no request has the route {route!a}")
    return {
        "overlap_whatif": VERSION,
        "changes": [
            {"kind": each.kind, "target": each.target, "amount": each.amount, "text": each.words}
            for each in changes
        ],
        "services": [
            {key: value for key, value in part.items() if key != "routes"} for part in parts
        ],
        "routes": sorted(rows, key=lambda row: (row["service"], row["route"])),
    }


def _is_wanted(name: str, route: str | None) -> bool:
    return route is None or matches(name, route)


def _of_service(one: Recorded, changes: Sequence[Change], counts: list[int]) -> dict[str, Any]:
    replay, fit = fitted(one)
    jobs, workers, pools = one.jobs, None, dict(one.pools)
    for place, change in enumerate(changes):
        if change.kind == WORKERS:
            counts[place] += 1
            workers = None if change.amount == one.workers else round(change.amount)
        elif change.kind == POOL:
            found = _pools_named(one, change)
            counts[place] += len(found)
            pools.update(dict.fromkeys(found, round(change.amount)))
        else:
            applied = Applied(change)
            jobs = [replace(job, items=applied(job.items)) for job in jobs]
            counts[place] += applied.count
            if change.kind == PROCESSES and applied.count:
                pools[PROCESSES] = round(change.amount)
    changed = simulate(jobs, workers, pools, **asdict(fit)) if changes else None
    if changed is not None and changed.unfinished:
        raise OverlapError(f"with these pools, {changed.unfinished:,} requests never end")
    return {
        "service": one.service,
        "requests": len(jobs),
        "unended": one.unended,
        "workers": {"recorded": one.workers, "changed": workers or one.workers},
        "accepts": "all" if fit.accepts_all else "one",
        "unseen_ms": _ms(fit.unseen_ns),
        "lock_waits": fit.lock_waits,
        "pools": {"recorded": one.pools, "changed": pools},
        "utilization": {
            "recorded": _shares(replay),
            "predicted": None if changed is None else _shares(changed),
        },
        "ready_ms": {
            "recorded": _ms(sum(job.ready_ns for job in jobs)),
            "replayed": _ms(sum(replay.ready)),
        },
        "known_from": {
            name: sum(job.known_from == name for job in jobs)
            for name in sorted({job.known_from for job in jobs})
        },
        "thread_cpu_ms": _ms(sum(job.thread_cpu_ns for job in jobs)),
        "notes": [*of_service(jobs, replay, has_lock=fit.lock_waits is not None)],
        "routes": [*_routes(one, replay, changed)],
    }


def _pools_named(one: Recorded, change: Change) -> list[str]:
    if change.target:
        return [name for name in one.pools if matches(name, change.target)]
    if len(one.pools) > 1:
        named = ", ".join(f"{name}={size}" for name, size in sorted(one.pools.items()))
        raise OverlapError(f"{one.service} has several pools, so --pool needs a name: {named}")
    return [*one.pools]


def _fits_none(change: Change, services: Sequence[Recorded]) -> str:
    pools = sorted({name for one in services for name in one.pools})
    if change.kind == POOL:
        what = f"only {', '.join(pools)}" if pools else "no pool that a request waited for"
        return f"--pool {change.target or 'N'} fits nothing: these traces show {what}"
    option = f"--{change.kind.replace('_', '-')} {change.target!a}"
    return f"{option} fits nothing in these traces: {_NEEDS[change.kind]}"


_NEEDS: Final = {
    "faster": "no request has a span of that name",
    "without_block": "no block, and no longest step of a request, is at that line",
    "processes": "no request has a span of that name whose call computed in a thread",
    "gather": "no request has two such spans one after another under one parent",
}


def _routes(one: Recorded, replay: Outcome, changed: Outcome | None) -> Iterable[dict[str, Any]]:
    by_route: dict[str, list[int]] = {}
    for place, job in enumerate(one.jobs):
        by_route.setdefault(job.route, []).append(place)
    for route, places in by_route.items():
        recorded = quantiles([one.jobs[place].recorded_ns for place in places])
        replayed = quantiles([replay.times[place] for place in places])
        errors = {key: _error(replayed[key], recorded[key]) for key in SHARES}
        off = [
            key for key in SHARES
            if abs(errors[key]) > MOST_ERROR[key] and abs(replayed[key] - recorded[key]) > LEAST_MS
        ]  # fmt: skip
        row: dict[str, Any] = {
            "service": one.service,
            "route": route,
            "requests": len(places),
            "recorded": recorded,
            "replayed": replayed,
            "error": errors,
            "is_trusted": not off,
            "predicted": None,
            "notes": [*of_route([one.jobs[place] for place in places])],
        }
        if off:
            row["notes"].append(why_not(one, [one.jobs[place] for place in places], replay, off))
        elif changed is not None:
            row["predicted"] = quantiles([changed.times[place] for place in places])
        yield row


def quantiles(times: Sequence[int]) -> dict[str, float]:
    """Return the quantiles of SHARES, by nearest rank, in ms."""
    ordered = sorted(times)
    return {
        key: _ms(ordered[max(0, ceil(round(share * len(ordered), 6)) - 1)])
        for key, share in SHARES.items()
    }


def _error(one: float, other: float) -> float:
    return round((one - other) / other, 4) if other else 0.0


def _shares(outcome: Outcome) -> list[float]:
    return [round(each, 4) for each in outcome.utilization]


def _ms(ns: int) -> float:
    return round(ns / NS_PER_MS, 3)
