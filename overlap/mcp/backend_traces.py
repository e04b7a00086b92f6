"""Read and judge the traces of the backend that the tools are about."""

from __future__ import annotations

import asyncio
import string
import time
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from overlap.backend import Backend
from overlap.errors import NotFound, OverlapError
from overlap.judge import Verdict
from overlap.judge.model import POSSIBLE
from overlap.judge.path.main_request import main_request
from overlap.judge.trace_verdict import verdict_on_tree
from overlap.judge.tree.repair import repair
from overlap.proof import graded
from overlap.trace import Span, Trace

LATEST = "latest"
HOUR_NS = 3_600_000_000_000
MOST_SERVICES = 50
MOST_OTHERS = 20
"""So many other traces are looked at for calls that ran at once."""
_ID_LENGTHS = (16, 32)


@dataclass(frozen=True, slots=True)
class Judged:
    """A trace, its verdict, and the request that it is about."""

    trace: Trace
    verdict: Verdict
    request: Span | None
    request_ms: float


async def judged(backend: Backend, trace_id: str) -> Judged:
    """Return a trace by its id, or the `latest` one, and its verdict.

    Raise OverlapError if the id is none, the backend has no such trace, or it does not answer.
    """
    wanted = trace_id.strip()
    if wanted.lower() == LATEST:
        found = await recent(backend, time.time_ns() - HOUR_NS, 20)
        if not found:
            raise NotFound(f"{backend.base_url} has no trace of the last hour")
        wanted = found[0].trace_id
    elif len(wanted) not in _ID_LENGTHS or any(char not in string.hexdigits for char in wanted):
        raise OverlapError(
            f"{trace_id[:60]!a} is no trace id (16 or 32 hex digits), nor {LATEST!r}"
        )
    trace = await backend.trace(wanted)
    # A large trace takes long to judge, and the server answers others meanwhile.
    return await asyncio.to_thread(judge, trace)


def judge(trace: Trace) -> Judged:
    """Return a trace with its verdict."""
    tree = repair(trace.spans, trace.trace_id)
    found = verdict_on_tree(tree, trace.warnings, trace.followers)
    index = main_request(tree)
    if index is None:
        return Judged(trace, found, None, 0.0)
    return Judged(trace, found, tree.spans[index], (tree.ends[index] - tree.starts[index]) / 1e6)


async def with_grades(backend: Backend, trace_id: str, source: Path | None) -> Judged:
    """Return a judged trace whose advice has grades.

    source: the folder of the app's code, which proves. Where it does not, other traces of the last
    hour with the same request may show the calls at once. Raise OverlapError as `judged` does.
    """
    one = await judged(backend, trace_id)
    advice = await asyncio.to_thread(graded, one.verdict.advice, one.trace, (), source)
    if one.request is not None and any(item.evidence == POSSIBLE for item in advice):
        since, named = time.time_ns() - HOUR_NS, (one.request.service, one.request.name)
        others = await recent(backend, since, MOST_OTHERS, *named)
        advice = await asyncio.to_thread(graded, advice, one.trace, others, source)
    return replace(one, verdict=structs.replace(one.verdict, advice=advice))


async def recent(
    backend: Backend, start_ns: int, depth: int, service: str = "", operation: str = ""
) -> list[Trace]:
    """Return traces that began since `start_ns`, up to `depth` of each service, newest first."""
    names = [service] if service else (await backend.services())[:MOST_SERVICES]
    end = time.time_ns() + 60_000_000_000
    found: dict[str, Trace] = {}
    for name in names:
        for trace in await backend.search(
            name, start=start_ns, end=end, depth=depth, operation=operation or None
        ):
            found[trace.trace_id] = trace
    return sorted(found.values(), key=began_ns, reverse=True)


def began_ns(trace: Trace) -> int:
    """Return when the first span of a trace began."""
    return min((span.start_ns for span in trace.spans), default=0)
