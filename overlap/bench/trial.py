"""One round of one variant: start its server, run each load once, end it, count its spans."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from overlap.bench.figures import Figures
from overlap.bench.load.disconnect import disconnect
from overlap.bench.load.in_flight import in_flight
from overlap.bench.load.loader import burst
from overlap.bench.load.saturation import full_load, percentile
from overlap.bench.server.fetch import fetch
from overlap.bench.server.log import error_lines
from overlap.bench.server.process import Failed, Server
from overlap.bench.server.sink import COUNTS, RESET
from overlap.bench.server.variants import Variant
from overlap.bench.server.vitals import Vitals, processor_s

WARM_UP = 60
"""Requests before a load is measured, to fill imports, caches, connections and pools."""
IN_FLIGHT_TIMEOUT_S = 60.0
QUIET_S = 0.5
QUIET_WITHIN_S = 8.0
"""For the log to stop growing after the clients have disconnected."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loads:
    """The size of each load."""

    seconds: int = 3
    """The length of each load at full rate."""
    in_flight: int = 1000
    """One-second views at once."""
    disconnects: int = 300
    by: str = "wrk"


def trial(variant: Variant, loads: Loads, sink_url: str, folder: Path, say: Say) -> Figures:
    """Measure one variant once. Raise Failed with one line if that is not possible."""
    fetch(sink_url + RESET, method="POST")
    figures = Figures()
    with Server(variant, sink_url, folder) as server:
        _full_load(server, figures, loads, "", "/", say)
        # Before any load that needs threads: pooled threads would count here.
        say(f"{loads.in_flight:,} one-second views at once")
        _in_flight(server, figures, loads)
        if variant.name != "raw":  # it has only one view
            _full_load(server, figures, loads, "sync_", "/sync/", say)
            _full_load(server, figures, loads, "orm_", "/orm/", say)
            _full_load(server, figures, loads, "orm_kept_", "/orm/kept/", say)
        say(f"{loads.disconnects} clients disconnect")
        before = error_lines(_log(server))
        figures.disconnected = asyncio.run(disconnect(server, "/second/", loads.disconnects))
        _wait_until_quiet(server)
        figures.spans_made = server.served()
        say("the last flush")
    figures.error_lines = error_lines(_log(server)) - before
    if variant.backend:
        received = json.loads(fetch(sink_url + COUNTS))[variant.backend]
        figures.spans_received = received
        figures.spans_lost = max(0, figures.spans_made - received)
    else:
        figures.spans_made = None
    return figures


def _full_load(  # noqa: PLR0913, PLR0917
    server: Server, figures: Figures, loads: Loads, prefix: str, path: str, say: Say
) -> None:
    say(f"req/s on {path}")
    answers, _ = asyncio.run(burst(server.url + path, WARM_UP, timeout_s=30.0))
    if not any(answer.status == 200 for answer in answers):
        raise Failed(f"{path} answers {answers[0].status}, not 200; {server.last_line()}")
    before, already = processor_s(server.pid), server.served()
    load = full_load(server.url + path, loads.seconds, by=loads.by)
    after, served = processor_s(server.pid), server.served() - already
    setattr(figures, f"{prefix}rps", load.rps)
    setattr(figures, f"{prefix}p99_ms", load.p99_ms)
    if before is not None and after is not None and served:
        setattr(figures, f"{prefix}cpu_us", (after - before) / served * 1e6)
    figures.failed += load.failed


def _in_flight(server: Server, figures: Figures, loads: Loads) -> None:
    with Vitals(server.pid) as vitals:
        flight = in_flight(f"{server.url}/second/", loads.in_flight, timeout_s=IN_FLIGHT_TIMEOUT_S)
    figures.failed += flight.failed
    if not flight.seconds:
        raise Failed(
            f"none of {loads.in_flight:,} one-second views was answered; {server.last_line()}"
        )
    figures.wall_s = flight.wall_s
    figures.burst_rps = len(flight.seconds) / flight.wall_s
    figures.burst_p99_ms = percentile(flight.seconds, 0.99) * 1000
    figures.threads, figures.rss_mb = vitals.threads, vitals.rss_mb


def _wait_until_quiet(server: Server) -> None:
    # Until the views of disconnected clients have ended and their log is written.
    deadline = time.monotonic() + QUIET_WITHIN_S
    time.sleep(1.0)
    size, since = server.log.stat().st_size, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < QUIET_S:
        time.sleep(0.05)
        if (now := server.log.stat().st_size) != size:
            size, since = now, time.monotonic()


def _log(server: Server) -> str:
    return server.log.read_text(encoding="utf-8", errors="replace")
