"""The highest request rate of a server, over a fixed number of keep-alive connections.

The load comes from wrk if it is installed: it takes a tenth of the processor time of a Python
client. Otherwise it comes from httpx, and then the rate is mostly the client's.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass

from overlap.bench.server.process import Failed

CONNECTIONS = 16
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class FullLoad:
    """The figures of one load."""

    rps: float
    p99_ms: float
    failed: int
    """Answers other than 2xx and 3xx, and broken connections."""


def load_by() -> str:
    """Return the client that makes the load: `wrk`, or `httpx` if wrk is not installed."""
    return "wrk" if shutil.which("wrk") else "httpx"


def headline(by: str) -> str:
    """Return the figure to read first: `rps`, or `cpu_us` where the rate is mostly the client's."""
    return "rps" if by == "wrk" else "cpu_us"


def full_load(url: str, seconds: int, *, by: str) -> FullLoad:
    """GET `url` repeatedly on each of CONNECTIONS for `seconds`."""
    return _wrk(url, seconds) if by == "wrk" else asyncio.run(_httpx(url, seconds))


def read_wrk(text: str) -> FullLoad:
    """Parse the output of wrk. Raise Failed if it can't be parsed."""
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", text, re.M)
    p99 = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)\b", text, re.M)
    if rate is None or p99 is None:
        raise Failed(f"wrk said: {(text.strip().splitlines() or ['nothing'])[-1][:200]}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    failed = sum(int(count) for found in (wrong, broken) if found for count in found.groups())
    return FullLoad(float(rate[1]), float(p99[1]) * _MS[p99[2]], failed)


def _wrk(url: str, seconds: int) -> FullLoad:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", url]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 30, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"wrk did not end within {seconds + 30} s") from None
    return read_wrk(done.stdout or done.stderr)


async def _httpx(url: str, seconds: int) -> FullLoad:
    import httpx

    taken: list[float] = []
    failed = 0
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    # One client, created before the clock starts: each creates a TLS context.
    async with httpx.AsyncClient(trust_env=False, timeout=30.0, limits=limits) as http:
        began = time.perf_counter()

        async def request_repeatedly() -> None:
            nonlocal failed
            while (asked := time.perf_counter()) < began + seconds:
                try:
                    answer = await http.get(url)
                except httpx.HTTPError:
                    failed += 1
                    continue
                failed += answer.status_code >= 400
                taken.append(time.perf_counter() - asked)

        await asyncio.gather(*(request_repeatedly() for _ in range(CONNECTIONS)))
        wall_s = time.perf_counter() - began
    if not taken:
        raise Failed(f"no request to {url} was answered")
    return FullLoad(len(taken) / wall_s, percentile(taken, 0.99) * 1000, failed)


def percentile(values: list[float], share: float) -> float:
    """Return the smallest of `values` that `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]
