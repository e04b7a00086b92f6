"""`python -m otel.native scale`: run the scale set-up; with --load, prove that it loses nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from rich.console import Console

from otel.native.scale.load import MIX, Outcome, Sent, check, percentile, send
from otel.native.scale.places import APPS, ScalePorts
from otel.native.scale.stack import ScaleStack

DECISION_WAIT_S, SECOND_DECISION_WAIT_S = 30, 120
SETTINGS = {
    "DECISION_WAIT": f"{DECISION_WAIT_S}s",
    "SECOND_DECISION_WAIT": f"{SECOND_DECISION_WAIT_S}s",
    "SMOKEHOUSE_TIME_SCALE": "0.2",
}
"""Lessons in a fifth of the tutorial's time, and the first group's decisions soon after."""
METRICS_WITHIN_S = 8.0
"""So long after a request it is in Prometheus: the gateway sends its metrics every five seconds."""
RECEIVED = "otelcol_receiver_accepted_spans"
"""The metric of a collector that counts the spans which it received."""
PLAIN = {"/": 1.0}
"""The routes where only the time of a request is of interest: none that blocks its loop."""


@dataclass(frozen=True)
class Plan:
    """How the load is sent."""

    seconds: float
    """How long each phase lasts."""
    rate: float = 40
    """Requests a second."""
    latency: bool = False
    """Whether only GET / is sent, with the apps on a core of their own: see ScaleStack."""
    kafka_away_s: float | None = None
    """How long Kafka is left dead before it is started again; by default half of a phase."""


@dataclass(frozen=True)
class Phase:
    """A part of the load, during which something was killed, or nothing."""

    name: str
    sent: list[Sent]

    def ms(self, share: float, path: str = "/") -> float:
        """Return a percentile of the answers of one route, in milliseconds."""
        return percentile((each.ms for each in self.sent if each.path == path), share)


@dataclass(frozen=True)
class Proof:
    """All phases, and what became of their traces."""

    phases: list[Phase]
    outcome: Outcome
    counted: int
    """The requests of the first phase, by the span metrics of both gateways."""
    pause_s: float = 0.0
    """The longest time in which no span came to the sampler that was not killed."""

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, and everything was counted."""
        lost = self.outcome
        return self.counted == len(self.phases[0].sent) and not (
            lost.unanswered or lost.missing or lost.not_kept or lost.missing_spans
        )

    def lines(self) -> list[str]:
        """Return the proof as lines for a terminal."""
        calm = self.phases[0].ms(0.99)
        return [
            *(
                f"{phase.name:<33}{len(phase.sent):>6} requests, / in {phase.ms(0.5):.1f} ms,"
                f" p99 {phase.ms(0.99):.1f} ms, {phase.ms(0.99) / calm:.2f} times the first"
                for phase in self.phases
            ),
            f"span metrics of both gateways, first part: {self.counted} requests"
            f" of {len(self.phases[0].sent)}",
            f"longest time without a span at a sampler: {self.pause_s:.1f} s"
            f" (they decide {DECISION_WAIT_S} and {SECOND_DECISION_WAIT_S} s after a first span)",
            *self.outcome.lines(),
        ]


async def prove(stack: ScaleStack, plan: Plan, say: Callable[[str], None]) -> Proof:
    """Send the load, kill one part after the other, and compare what was sent with what is kept."""
    phases: list[Phase] = []
    seconds, mix = plan.seconds, PLAIN if plan.latency else MIX

    async def phase(
        name: str, disturb: Callable[[], Awaitable[None]], lasts_s: float = seconds
    ) -> None:
        say(name)
        load = asyncio.create_task(send(stack.url("proxy"), lasts_s, plan.rate, mix, len(phases)))
        await asyncio.sleep(seconds / 5)
        await disturb()
        phases.append(Phase(name, [replace(each, during=name) for each in await load]))

    async def nothing() -> None:
        """Disturb nothing."""

    def killed(name: str, how: signal.Signals, away_s: float) -> Callable[[], Awaitable[None]]:
        async def disturb() -> None:
            await asyncio.to_thread(stack.stop, name, how)
            await asyncio.sleep(away_s)
            stack.start(name)
            await asyncio.to_thread(stack.wait, name)

        return disturb

    async def rolling() -> None:
        for name in APPS:
            await killed(name, signal.SIGTERM, 0)()

    # What was requested before, by a doctor, say, is counted, too: until no more of it comes.
    before, again = -1, await _counted(stack, 0)
    while before != again:
        await asyncio.sleep(METRICS_WITHIN_S)
        before, again = again, await _counted(stack, 0)
    await phase("undisturbed", nothing)
    counted = await _counted(stack, before + len(phases[0].sent)) - before
    pause = asyncio.create_task(longest_pause(stack, "sampler-a"))
    await phase("a sampler killed (-9)", killed("sampler-b", signal.SIGKILL, seconds / 5))
    away_s = seconds / 2 if plan.kafka_away_s is None else plan.kafka_away_s
    # Longer by what it takes until it has started, and the collectors have tried it again.
    lasts_s = seconds if plan.kafka_away_s is None else seconds + away_s
    await phase("Kafka killed (-9)", killed("kafka", signal.SIGKILL, away_s), lasts_s)
    await phase("a gateway killed (-9)", killed("gateway-1", signal.SIGKILL, seconds / 5))
    await phase("the three apps restarted in turn", rolling)
    sent = [each for done in phases for each in done.sent]
    say("waiting for the samplers' decisions")
    pause.cancel()
    outcome = await _settled(stack, sent)
    return Proof(phases, outcome, counted, await pause)


async def longest_pause(stack: ScaleStack, sampler: str) -> float:
    """Return the longest time in which the sampler received no span, in seconds, once cancelled."""
    url, seen, since, longest = stack.url(f"{sampler}_metrics") + "/metrics", "", 0.0, 0.0
    with suppress(asyncio.CancelledError):
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            while True:
                lines = (await client.get(url)).text.splitlines()
                received = "".join(line for line in lines if RECEIVED in line)
                now = time.monotonic()
                longest = max(longest, now - since) if seen else 0.0  # from the first answer on
                if received != seen:
                    seen, since = received, now
                await asyncio.sleep(0.25)
    return longest


async def _settled(stack: ScaleStack, sent: list[Sent]) -> Outcome:
    """Check until nothing is missing any more, and both groups of samplers have decided."""
    deadline = time.monotonic() + SECOND_DECISION_WAIT_S + 30
    await asyncio.sleep(DECISION_WAIT_S + 5)
    while True:
        outcome = await check(sent, stack.url("everything"), stack.url("jaeger"))
        bad = outcome.missing or outcome.not_kept or outcome.missing_spans
        if not bad or time.monotonic() > deadline:
            return outcome
        await asyncio.sleep(5)


async def _counted(stack: ScaleStack, expected: int) -> int:
    """Return the requests by the span metrics, once they are as many or half a minute later."""
    query = (
        'sum(traces_span_metrics_calls_total{service_name="smokehouse",'
        'span_kind="SPAN_KIND_SERVER",http_route!="/health/"})'
    )
    counted, deadline = -1, time.monotonic() + 30
    async with httpx.AsyncClient(base_url=stack.url("prometheus"), trust_env=False) as client:
        while counted < expected and time.monotonic() < deadline:
            answer = await client.get("/api/v1/query", params={"query": query})
            result = answer.json()["data"]["result"]
            counted = int(float(result[0]["value"][1])) if result else 0
            if counted < expected:
                await asyncio.sleep(0.5)
    return counted


def run(folder: Path, plan: Plan, console: Console) -> int:
    """Start everything; with seconds, prove and return 0 or 1; without, run until Ctrl-C."""
    with ScaleStack(
        folder, ScalePorts.free(), settings=SETTINGS,
        tee=bool(plan.seconds), apart=plan.latency,
    ) as stack:  # fmt: skip
        console.print("Starting Kafka, Cassandra, Jaeger, Prometheus, collectors, three apps.")
        stack.start_all()
        for name in ("proxy", "otlp", "jaeger", "prometheus"):
            console.print(f"{name:<12}{stack.url(name)}")
        if not plan.seconds:
            console.print("\nServing until Ctrl-C.")
            while True:
                stack.check()
                time.sleep(0.5)
        proof = asyncio.run(prove(stack, plan, console.print))
        console.print("", *proof.lines(), sep="\n", soft_wrap=True)
        return 0 if proof.holds else 1
