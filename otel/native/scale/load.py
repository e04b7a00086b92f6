"""A load whose trace ids are known, and what of it arrived: the proof of the scale set-up."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from overlap.backend import Backend
from overlap.errors import NotFound, OverlapError
from overlap.trace import Span

MIX = {
    "/": 0.90,
    "/smoke_some_meats/": 0.05,  # with calls to httpbin: two services in one trace
    "/async/unreferenced/": 0.02,  # loses its task
    "/api/refusing/": 0.02,  # fails
    "/burn_some_meats/": 0.01,  # blocks its loop, and delays all others on that host
}
"""The routes of the load, with their shares."""
VICTIM_DELAY_MS = 50.0
SLOW_MS = 2000.0


@dataclass(frozen=True)
class Sent:
    """One request of the load."""

    trace_id: str
    path: str
    at_s: float
    """When it was sent, by time.monotonic()."""
    ms: float
    status: int
    """0 if there was no answer."""


async def send(
    url: str, seconds: float, rate: float, mix: Mapping[str, float] = MIX, seed: int = 1
) -> list[Sent]:
    """Send `rate` requests a second for so many seconds, at even intervals, whatever they take."""
    order = random.Random(seed)  # noqa: S311  the same order each time, not a secret
    chosen = order.choices([*mix], [*mix.values()], k=int(seconds * rate))
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(
        base_url=url, timeout=60, trust_env=False, limits=limits
    ) as client:
        began = time.monotonic()

        async def one(number: int, path: str) -> Sent:
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            trace_id, at = secrets.token_hex(16), time.monotonic()
            header = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
            try:
                status = (await client.get(path, headers=header)).status_code
            except httpx.HTTPError:
                status = 0
            return Sent(trace_id, path, at, (time.monotonic() - at) * 1000, status)

        return await asyncio.gather(*(one(number, path) for number, path in enumerate(chosen)))


def must_be_kept(spans: Iterable[Span]) -> str:
    """Return why the sampler has to keep this trace, or an empty string."""
    spans = [*spans]
    for span in spans:
        attributes = span.attributes
        if attributes.get("overlap.blocked.kind"):
            return "blocked"
        if float(attributes.get("overlap.victim.delay_ms") or 0) >= VICTIM_DELAY_MS:
            return "victim"
        if attributes.get("overlap.task.end") in ("lost", "failed", "cancelled", "cut"):
            return "lost"
        if span.status == "error":
            return "error"
    took_ms = (max(s.end_ns or s.start_ns for s in spans) - min(s.start_ns for s in spans)) / 1e6
    return "slow" if took_ms >= SLOW_MS else ""


@dataclass
class Outcome:
    """What became of the load's traces."""

    sent: int = 0
    unanswered: list[Sent] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Traces that never reached the gateways."""
    wanted: dict[str, int] = field(default_factory=dict)
    """Traces that have to be kept, by reason."""
    not_kept: list[tuple[str, str]] = field(default_factory=list)
    """Of these, those that the store lacks, with the reason."""
    missing_spans: list[tuple[str, str, int]] = field(default_factory=list)
    """Of these, those that are not whole in the store: reason and number of spans."""
    rest: int = 0
    rest_kept: int = 0
    spans: int = 0

    def lines(self) -> list[str]:
        """Return the outcome as lines for a terminal."""
        wanted = ", ".join(f"{count} {why}" for why, count in sorted(self.wanted.items()))
        return [
            f"{self.sent} requests, {len(self.unanswered)} without an answer",
            f"traces lost on the way in: {len(self.missing)} ({self.spans} spans came in)",
            f"to keep: {wanted}",
            f"of these not kept: {len(self.not_kept)}, not whole: {len(self.missing_spans)}",
            *(f"  {trace_id} ({why}) is not stored" for trace_id, why in self.not_kept[:5]),
            *(
                f"  {trace_id} ({why}) lacks {count} spans"
                for trace_id, why, count in self.missing_spans[:5]
            ),
            f"of the rest kept: {self.rest_kept} of {self.rest}",
        ]


async def check(sent: Iterable[Sent], everything: str, store: str) -> Outcome:
    """Compare what arrived at `everything`, a pocket beside the gateways, with what is stored."""
    outcome = Outcome()
    gate = asyncio.Semaphore(8)
    async with Backend(everything, timeout_s=30) as whole, Backend(store, timeout_s=30) as kept:

        async def one(request: Sent) -> None:
            async with gate:
                spans = await _spans(whole, request.trace_id)
                outcome.sent += 1
                outcome.spans += len(spans)
                if request.status == 0:
                    outcome.unanswered.append(request)
                if not spans:
                    outcome.missing.append(request.trace_id)
                    return
                have = (await _spans(kept, request.trace_id)).keys()
                if not (why := must_be_kept(spans.values())):
                    outcome.rest += 1
                    outcome.rest_kept += bool(have)
                    return
                outcome.wanted[why] = outcome.wanted.get(why, 0) + 1
                if not have:
                    outcome.not_kept.append((request.trace_id, f"{why}: {_outline(spans)}"))
                elif lacks := spans.keys() - have:
                    outcome.missing_spans.append((request.trace_id, why, len(lacks)))

        await asyncio.gather(*(one(request) for request in sent))
    return outcome


def _outline(spans: Mapping[str, Span]) -> str:
    """Return each span's name, begin and length in milliseconds, for a message."""
    first = min(span.start_ns for span in spans.values())
    return ", ".join(
        f"{span.name} {(span.start_ns - first) / 1e6:.0f}"
        f"+{((span.end_ns or span.start_ns) - span.start_ns) / 1e6:.0f}"
        for span in spans.values()
    )


async def _spans(backend: Backend, trace_id: str) -> dict[str, Span]:
    for attempt in range(5):
        try:
            return {span.span_id: span for span in (await backend.trace(trace_id)).spans}
        except NotFound:
            return {}
        except OverlapError:
            if attempt == 4:
                raise
            await asyncio.sleep(1)
    raise AssertionError


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which that share of the values lies; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
