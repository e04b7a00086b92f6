"""Measure what a span costs in each tier: processor time, bytes on disk, memory.

Spans of real requests are recorded from one host of the app, and sent again with other trace ids,
thousands of requests at once, through a gateway, Kafka and a sampler to Jaeger on Cassandra.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.console import Console

from otel.native.errors import StackError
from otel.native.scale import load
from otel.native.scale.paper import Costs, table
from otel.native.scale.places import ScalePorts
from otel.native.scale.proof import SETTINGS
from otel.native.scale.replay import Recorder, Templates, recorder, send, templates
from otel.native.scale.stack import ScaleStack

GATEWAY, SAMPLER = "gateway-1", "sampler-a"
TIERS = (GATEWAY, "kafka", SAMPLER, "jaeger", "cassandra")
DECISION_WAIT_S = 15
RECORD_S, RECORD_RATE = 20, 30
REQUESTS = 18_000
"""Of a round: their spans fit in the memory that otel/scale/sampler.yaml allows a sampler."""
ROUNDS = 3
IDLE_S = 10
SETTLED_WITHIN_S = 120


def run(folder: Path, console: Console) -> int:
    """Measure, and print what was measured and what it makes of more requests a second."""
    with recorder() as endpoint:
        recorded, sent = _record(folder / "record", endpoint, console.print)
    settings = {**SETTINGS, "DECISION_WAIT": f"{DECISION_WAIT_S}s"}
    with ScaleStack(folder / "stack", ScalePorts.free(), settings=settings) as stack:
        costs = asyncio.run(_measure(stack, recorded, sent, endpoint, console.print))
    measured = costs.lines()
    # From the rounded figures, so that each number can be computed again from what is shown.
    rows = table(Costs.read("\n".join(measured)))
    console.print("", *measured, "", *rows, sep="\n", soft_wrap=True)
    return 0


def _record(folder: Path, endpoint: Recorder, say: Callable[[str], None]) -> tuple[Templates, int]:
    """Return the spans of the load's requests to one host of the app, and how many these were."""
    say(f"recording {RECORD_S * RECORD_RATE} requests")
    settings = {**SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint.url}
    with ScaleStack(folder, ScalePorts.free(), settings=settings) as stack:
        for name in ("httpbin", "app-1"):
            stack.start(name)
        stack.wait()
        stack_url = stack.url("app-1")
        sent = asyncio.run(load.send(stack_url, RECORD_S, RECORD_RATE))
    # Ended: what the processes still had, they have sent.
    ours = {bytes.fromhex(each.trace_id) for each in sent}
    return templates(endpoint.bodies["traces"], ours), len(sent)


async def _measure(
    stack: ScaleStack, recorded: Templates, requests: int, endpoint: Recorder,
    say: Callable[[str], None],
) -> Costs:  # fmt: skip
    _start(stack, say)
    at_rest_mib = stack.memory_mib()[SAMPLER]
    copies = REQUESTS // requests
    held_mib = 0.0
    say("the first round, not counted")
    await _round(stack, recorded.copies(copies), recorded.spans * copies)
    idle = stack.cpu_s()
    await asyncio.sleep(IDLE_S)
    idle = {name: (after - idle[name]) / IDLE_S for name, after in stack.cpu_s().items()}
    stored_before = await _counter(stack, "otelcol_exporter_sent_spans")
    before, began = stack.cpu_s(), time.monotonic()
    for number in range(ROUNDS):
        bodies, spans = recorded.copies(copies), recorded.spans * copies
        say(f"round {number + 1} of {ROUNDS}: {spans} spans, {sum(map(len, bodies)) >> 20} MiB")
        held_mib = max(held_mib, await _round(stack, bodies, spans))
    took = time.monotonic() - began
    used = {name: stack.cpu_s()[name] - before[name] - idle[name] * took for name in TIERS}
    stored = await _counter(stack, "otelcol_exporter_sent_spans") - stored_before
    all_spans = recorded.spans * copies * ROUNDS
    say(f"{all_spans} spans, {stored:.0f} of them stored, in {took:.0f} s")
    stored_bytes = _stored_bytes(stack)
    sent_in_all, stored_in_all = all_spans // ROUNDS * (ROUNDS + 1), stored + stored_before
    return Costs(
        spans=recorded.spans / requests,
        span_bytes=recorded.bytes_of_a_span,
        log_bytes=endpoint.bytes_of("logs") / requests,
        gateway_s=used[GATEWAY] / all_spans * 1e6,
        kafka_s=used["kafka"] / all_spans * 1e6,
        sampler_s=used[SAMPLER] / all_spans * 1e6,
        jaeger_s=used["jaeger"] / stored * 1e6,
        cassandra_s=used["cassandra"] / stored * 1e6,
        kafka_bytes=_size(stack.folder / "kafka/data", "otlp_spans-*/*.log") / sent_in_all,
        held_bytes=(held_mib - at_rest_mib) * 2**20 / (all_spans / ROUNDS),
        kept=stored / all_spans,
        stored_bytes=stored_bytes / stored_in_all,
    )


def _start(stack: ScaleStack, say: Callable[[str], None]) -> None:
    say("starting Kafka, Cassandra, Jaeger, Prometheus, a gateway and a sampler")
    for name in ("kafka", "cassandra", "prometheus"):
        stack.start(name)
    stack.wait("kafka", "cassandra")
    for name in ("jaeger", SAMPLER, GATEWAY):
        stack.start(name)
    stack.wait()


async def _round(stack: ScaleStack, bodies: list[bytes], spans: int) -> float:
    """Send the spans, wait until all are decided on; return the sampler's peak in MiB."""
    received = await _counter(stack, "otelcol_receiver_accepted_spans") + spans
    peak = 0.0
    await send(stack.url(GATEWAY), bodies)
    deadline = time.monotonic() + SETTLED_WITHIN_S
    stored, quiet_since = -1.0, time.monotonic()
    while True:
        stack.check()
        peak = max(peak, stack.memory_mib()[SAMPLER])
        now = await _counter(stack, "otelcol_exporter_sent_spans")
        if now != stored or await _counter(stack, "otelcol_receiver_accepted_spans") < received:
            stored, quiet_since = now, time.monotonic()
        if time.monotonic() - quiet_since > DECISION_WAIT_S + 3:
            return peak
        if time.monotonic() > deadline:
            raise StackError(f"{spans} spans were not sampled within {SETTLED_WITHIN_S} s")
        await asyncio.sleep(0.5)


async def _counter(stack: ScaleStack, name: str) -> float:
    """Return the sum of a counter of the sampler's."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(stack.url(f"{SAMPLER}_metrics") + "/metrics")).text
    found = re.findall(rf"^{name}(?:__spans__)?(?:_total)?\{{.*\}} (\S+)$", text, re.M)
    return sum(map(float, found))


def _stored_bytes(stack: ScaleStack) -> int:
    """Stop Cassandra, which then writes what it has in memory; return what is on its disk."""
    stack.stop("jaeger")
    stack.stop("cassandra")
    return _size(stack.folder / "cassandra/data/data", "overlap_traces/*/*.db")


def _size(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))
