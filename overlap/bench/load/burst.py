"""Bursts of requests: whether they run at once, all succeed, and no span is lost.

One request alone is measured first: the bursts are compared with its time, and each trace of a
burst must contain its spans, counted by service and name.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from overlap.backend import Backend
from overlap.bench.load.loader import Answer, burst, get
from overlap.errors import NotFound, Unreachable
from overlap.trace import Trace

REQUEST_TIMEOUT_S = 60.0
SPANS_WITHIN_S = 30.0
POLL_S = 0.25
FETCHES_AT_ONCE = 8

Say = Callable[[str], None]
Names = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Burst:
    """The figures of one burst."""

    requests: int
    failed: int
    wall_s: float
    """From the start of the first request to the last answer."""
    ratio: float
    """wall_s divided by the time of one request alone, in the same run."""
    spans_made: int
    spans_received: int
    spans_lost: int


@dataclass(frozen=True, slots=True)
class BurstReport:
    """All bursts of one run."""

    url: str
    alone_s: float
    """One request alone: the median of three."""
    bursts: list[Burst]

    @property
    def ok(self) -> bool:
        """Whether every request succeeded and no span is missing."""
        return all(not each.failed and not each.spans_lost for each in self.bursts)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


async def measure(url: str, sizes: Sequence[int], backend: Backend, say: Say) -> BurstReport:
    """Request `url` alone, then in bursts of each of `sizes`. Raise Unreachable."""
    alone = []
    for number in range(3):
        say(f"one alone ({number + 1} of 3)")
        answer = await get(url, timeout_s=REQUEST_TIMEOUT_S)
        if answer.status == 0:
            raise Unreachable(f"the app does not answer at {url}")
        alone.append(answer)
    alone_s = sorted(answer.seconds for answer in alone)[1]
    expected = await _settled_names(backend, alone[-1].trace_id)
    bursts = []
    for size in sizes:
        say(f"{size:,} at once")
        answers, wall_s = await burst(url, size, timeout_s=REQUEST_TIMEOUT_S)
        say(f"{size:,} at once: counting spans")
        received = await _received(backend, answers, expected)
        made = size * expected.total()
        bursts.append(
            Burst(
                requests=size,
                failed=sum(answer.status != 200 for answer in answers),
                wall_s=round(wall_s, 3),
                ratio=round(wall_s / alone_s, 3),
                spans_made=made,
                spans_received=received,
                spans_lost=made - received,
            )
        )
    return BurstReport(url, round(alone_s, 3), bursts)


async def _settled_names(backend: Backend, trace_id: str) -> Names:
    """Return the spans of a trace by service and name, when their number has stopped growing."""
    deadline = time.monotonic() + SPANS_WITHIN_S
    seen, since = Names(), time.monotonic()
    while time.monotonic() < deadline:
        names = await _names(backend, trace_id)
        if names != seen:
            seen, since = names, time.monotonic()
        elif names and time.monotonic() - since > 2.0:
            return names
        await asyncio.sleep(POLL_S)
    raise NotFound(f"no complete trace of the request alone within {SPANS_WITHIN_S:.0f} s")


async def _received(backend: Backend, answers: Sequence[Answer], expected: Names) -> int:
    """Return how many of the expected spans the backend has; wait for those still on the way."""
    missing = {answer.trace_id: expected.total() for answer in answers}
    deadline = time.monotonic() + SPANS_WITHIN_S
    places = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def look(trace_id: str) -> None:
        async with places:
            missing[trace_id] = (expected - await _names(backend, trace_id)).total()

    while time.monotonic() < deadline:
        await asyncio.gather(*(look(each) for each, count in missing.items() if count))
        if not any(missing.values()):
            break
        await asyncio.sleep(POLL_S)
    return len(answers) * expected.total() - sum(missing.values())


async def _names(backend: Backend, trace_id: str) -> Names:
    try:
        trace: Trace = await backend.trace(trace_id)
    except NotFound:
        return Names()
    # By id: a span that was delivered twice, as after a retry, is one span.
    return Names({span.span_id: (span.service, span.name) for span in trace.spans}.values())
