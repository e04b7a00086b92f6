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
PROXY = "Caddy"
"""The header `server` of an answer that the proxy made itself; an app's answer names uvicorn."""
VICTIM_DELAY_MS = 50.0
SLOW_MS = 2000.0


@dataclass(frozen=True)
class Sent:
    """One request of the load."""

    trace_id: str
    path: str
    after_s: float
    """When it was sent, in seconds since its part of the load began."""
    ms: float
    status: int
    """0 if no app answered: there was no answer, or it was the proxy's own."""
    during: str = ""
    """What was done to the set-up in this part of the load."""

    def __str__(self) -> str:
        return (
            f"{self.trace_id} ({self.path} answered {self.status} in {self.ms:.0f} ms,"
            f" sent after {self.after_s:.1f} s of: {self.during})"
        )


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
                answer = await client.get(path, headers=header)
                status = 0 if answer.headers.get("server") == PROXY else answer.status_code
            except httpx.HTTPError:
                status = 0
            ms = (time.monotonic() - at) * 1000
            return Sent(trace_id, path, at - began, ms, status)

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
    """Traces that never reached the gateways, and their requests."""
    wanted: dict[str, int] = field(default_factory=dict)
    """Traces that have to be kept, by reason."""
    not_kept: list[tuple[str, str]] = field(default_factory=list)
    """Of these, those that the store lacks: the request, and the reason with all spans."""
    missing_spans: list[tuple[str, str, str]] = field(default_factory=list)
    """Of these, those that are not whole in the store: the request, the reason, and the spans
    that are stored and that are not."""
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
            *(f"  {request} did not come in" for request in self.missing[:5]),
            *(f"  {request} is not stored: {why}" for request, why in self.not_kept[:5]),
            *(f"  {request}, {why}: {which}" for request, why, which in self.missing_spans[:5]),
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
                    outcome.missing.append(str(request))
                    return
                have = (await _spans(kept, request.trace_id)).keys()
                if not (why := must_be_kept(spans.values())):
                    outcome.rest += 1
                    outcome.rest_kept += bool(have)
                    return
                outcome.wanted[why] = outcome.wanted.get(why, 0) + 1
                if not have:
                    outcome.not_kept.append((str(request), f"{why}: {_outline(spans)}"))
                elif lacks := spans.keys() - have:
                    stored = {key: span for key, span in spans.items() if key in have}
                    lacking = {key: spans[key] for key in lacks}
                    which = f"lacks {_outline(lacking)}; has {_outline(stored)}"
                    outcome.missing_spans.append((str(request), why, which))

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
