"""Measure what a survey costs: spans a second, memory, one core and several, beside others.

The traces are those of `overlap bench verdict`: requests of ten spans that fan out, 420 bytes of
JSON a span. Every figure is of a process of its own: its time on the clock, the processor time
of it and of its workers, and the most memory that they held at one time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from overlap.bench.verdict_cost import PARSE, Case, write

SPANS_OF_A_TRACE = 10
MOST_TIMES = 10.0
"""The processor time over that of json.loads of the same lines, one core."""
LEAST_GAIN = 1.7
"""Two cores over one."""
MOST_MB = 1000.0
_POLL_S = 0.05
_KB = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One survey."""

    workers: int
    wall_s: float
    processor_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a survey of so many spans costs."""

    spans: int
    parse_s: float
    runs: list[Run]

    @property
    def times(self) -> float:
        """The processor time of one worker, as a multiple of that of json.loads."""
        return self.runs[0].processor_s / self.parse_s

    @property
    def gain(self) -> float:
        """How much faster several workers are than one."""
        return self.runs[0].wall_s / self.runs[-1].wall_s

    def as_dict(self) -> dict[str, Any]:
        """Return the figures."""
        return {**asdict(self), "times": round(self.times, 2), "gain": round(self.gain, 2)}


def cost(spans: int, workers: int, say: Callable[[str], None]) -> Cost:
    """Measure surveys of generated spans with one worker, and with several."""
    with tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder:
        path = Path(folder) / "spans.jsonl"
        say(f"writing {spans:,} spans")
        with path.open("w") as file:
            write(file, Case(spans, max(1, spans // SPANS_OF_A_TRACE)))
        say(f"parsing {spans:,} spans")
        parse = float(measured([sys.executable, "-c", PARSE, str(path)])[1])
        runs = []
        for count in dict.fromkeys((1, workers)):
            say(f"surveying {spans:,} spans with {count} workers")
            runs.append(survey_of([str(path)], count))
    return Cost(spans, parse, runs)


def survey_of(sources: list[str], workers: int, **options: Any) -> Run:
    """Measure one survey. options: of its process, such as its environment."""
    command = [sys.executable, "-m", "overlap", "survey", "--json", "--workers", str(workers)]
    return measured([*command, *sources], workers, **options)[0]


def measured(command: list[str], workers: int = 1, **options: Any) -> tuple[Run, bytes]:
    """Run a command; return what it took, and the first of what it printed."""
    with tempfile.TemporaryFile() as output:
        start, peak = time.perf_counter(), 0.0
        process = subprocess.Popen(command, stdout=output, **options)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, _resident_mb(process.pid))
            time.sleep(_POLL_S)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        output.seek(0)
        used = usage.ru_utime + usage.ru_stime  # with those of the workers, which it waited for
        peak = max(peak, usage.ru_maxrss / _KB)
        return Run(workers, round(wall, 3), round(used, 3), round(peak, 1)), output.read(100)


def _resident_mb(pid: int) -> float:
    """Return the memory of a process and of those below it, as far as the system says (Linux)."""
    total, todo = 0.0, [pid]
    while todo:
        each = Path("/proc") / str(todo.pop())
        try:
            pages = int((each / "statm").read_text().split()[1])
            children = (each / "task" / each.name / "children").read_text().split()
        except (OSError, IndexError, ValueError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        todo += map(int, children)
    return total


def missed(found: Cost) -> Iterator[str]:
    """Yield a sentence for each bound that is not met."""
    if found.times > MOST_TIMES:
        yield f"one worker took {found.times:.1f} times the parsing, more than {MOST_TIMES:g}"
    if len(found.runs) > 1 and found.runs[-1].workers == 2 and found.gain < LEAST_GAIN:
        yield f"two workers were {found.gain:.2f} times as fast as one, less than {LEAST_GAIN}"
    if (peak := max(run.peak_mb for run in found.runs)) > MOST_MB:
        yield f"a survey held {peak:,.0f} MB, more than {MOST_MB:,.0f}"


def table(found: Cost) -> Table:
    """Return the cost as a table."""
    made = _table("workers", "spans/s", "time", "processor", "of json.loads", "peak")
    for run in found.runs:
        made.add_row(
            f"{run.workers}",
            f"{found.spans / run.wall_s:,.0f}",
            f"{run.wall_s:.1f} s",
            f"{run.processor_s:.1f} s",
            f"{run.processor_s / found.parse_s:.1f}",
            f"{run.peak_mb:,.0f} MB",
        )
    return made


def _table(*headings: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        made.add_column(heading, justify="right")
    return made


def dumped(value: Any) -> str:
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))
