"""Measure what judging costs: `overlap verdict --json` over parsing the same file with json.

Each figure is the user's processor time of a process of its own, so that the machine's load
counts little; the ratio of two of them counts less. The traces are invented: requests that
fan out to ten calls each, attributes as the SDKs write them, 420 bytes of JSON a span.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
from rich.table import Table

FAN_OUT = 10
"""Children of each span."""
LINE = 100
"""Spans of one line: a batch of the exporter."""
START_NS = 1_700_000_000_000_000_000
MOST_TIMES = 8
"""The ratio to keep below, for 100,000 spans."""
MOST_MB_PER_MILLION = 1000
MOST_S_OF_10_000 = 0.25
PARSE = """
import json, sys
from time import process_time
taken = 0.0
with open(sys.argv[1], "rb") as file:
    while lines := file.readlines(1 << 25):
        before = process_time()
        for line in lines:
            json.loads(line)
        taken += process_time() - before
print(taken)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One file: how many spans, in how many traces."""

    spans: int
    traces: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one case costs. The ratio is of processor times."""

    spans: int
    traces: int
    parse_s: float
    verdict_s: float
    peak_mb: float

    @property
    def times(self) -> float:
        """How many times the parsing."""
        return self.verdict_s / self.parse_s if self.parse_s else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, the ratio with them."""
        return {**asdict(self), "times": round(self.times, 2)}


CASES = (Case(10_000, 1), Case(100_000, 10_000), Case(100_000, 1))
LARGE = Case(1_000_000, 1)


def costs(cases: tuple[Case, ...], rounds: int, say: Callable[[str], None]) -> list[Cost]:
    """Measure each case, the best of `rounds`: what the machine adds is never negative."""
    found = []
    with tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder:
        for case in cases:
            path = Path(folder) / f"{case.spans}-{case.traces}.jsonl"
            say(f"writing {case.spans:,} spans in {case.traces:,} traces")
            with path.open("w") as file:
                write(file, case)
            say(f"judging {case.spans:,} spans in {case.traces:,} traces")
            found.append(_cost(case, path, rounds))
            path.unlink()
    return found


def write(file: IO[str], case: Case) -> None:
    """Write a case's spans as OTLP JSON lines, a trace or a batch a line."""
    each = case.spans // case.traces
    for trace in range(case.traces):
        lines = range(0, each, LINE)
        for first in lines:
            spans = [_span(trace, number, each) for number in range(first, min(first + LINE, each))]
            document = {"resourceSpans": [_resource(spans)]}
            file.write(msgspec.json.encode(document).decode() + "\n")


def table(found: list[Cost]) -> Table:
    """Return the costs as a table."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("spans", "traces", "json.loads", "verdict", "times", "peak"):
        made.add_column(heading, justify="right")
    for cost in found:
        made.add_row(
            f"{cost.spans:,}",
            f"{cost.traces:,}",
            f"{cost.parse_s:.2f} s",
            f"{cost.verdict_s:.2f} s",
            f"{cost.times:.1f}",
            f"{cost.peak_mb:,.0f} MB",
        )
    return made


def _resource(spans: list[dict[str, Any]]) -> dict[str, Any]:
    name = {"key": "service.name", "value": {"stringValue": "bench"}}
    scopes = [{"scope": {"name": "bench"}, "spans": spans}]
    return {"resource": {"attributes": [name]}, "scopeSpans": scopes}


def _span(trace: int, number: int, of: int) -> dict[str, Any]:
    start, end = _times(number, of)
    kind = 2 if not number else 3 if number * FAN_OUT + 1 >= of else 1
    span = {
        "traceId": f"{trace + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "parentSpanId": f"{(number - 1) // FAN_OUT + 1:016x}" if number else "",
        "name": f"GET /view/{number % 7}" if kind == 2 else f"call {number % 50}",
        "kind": kind,
        "startTimeUnixNano": str(START_NS + start),
        "endTimeUnixNano": str(START_NS + end),
        "attributes": [
            {"key": "thread.id", "value": {"intValue": "140016274536256"}},
            {"key": "thread.name", "value": {"stringValue": "MainThread"}},
            {"key": "code.function.name", "value": {"stringValue": "view"}},
        ],
        "status": {},
    }
    return span


def _times(number: int, of: int) -> tuple[int, int]:
    """Return start and end in ns: within the parent, each child half over the one before."""
    path = []
    while number:
        path.append((number - 1) % FAN_OUT)
        number = (number - 1) // FAN_OUT
    start, length = 0, of * 10_000_000
    for place in reversed(path):
        start += length * (place + 1) // (FAN_OUT + 3)
        length = length * 3 // (2 * (FAN_OUT + 3))
    return start, start + max(length, 1000)


def _cost(case: Case, path: Path, rounds: int) -> Cost:
    parse = [float(_run("-c", PARSE, str(path))[2]) for _ in range(rounds)]
    runs = [_run("-m", "overlap", "verdict", "--json", str(path)) for _ in range(rounds)]
    return Cost(
        spans=case.spans,
        traces=case.traces,
        parse_s=round(min(parse), 4),
        verdict_s=round(min(user for user, _, _ in runs), 3),
        peak_mb=round(min(peak for _, peak, _ in runs), 1),
    )


def _run(*arguments: str) -> tuple[float, float, bytes]:
    """Run Python; return the user's processor time in s, the peak memory in MB, and the output."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([sys.executable, *arguments], stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        output.seek(0)
        return usage.ru_utime, usage.ru_maxrss / 1024, output.read(100)


def missed(found: list[Cost]) -> Iterator[str]:
    """Yield a sentence for each bound that is not met."""
    for cost in found:
        what = f"{cost.spans:,} spans in {cost.traces:,} trace{'s' if cost.traces > 1 else ''}"
        if cost.spans == 10_000 and cost.verdict_s > MOST_S_OF_10_000:
            yield f"{what} took {cost.verdict_s:.2f} s, more than {MOST_S_OF_10_000} s"
        if cost.spans == 100_000 and cost.times > MOST_TIMES:
            yield f"{what} took {cost.times:.1f} times their parsing, more than {MOST_TIMES}"
        if cost.spans == 1_000_000 and cost.peak_mb > MOST_MB_PER_MILLION:
            yield f"{what} took {cost.peak_mb:,.0f} MB, more than {MOST_MB_PER_MILLION:,} MB"
