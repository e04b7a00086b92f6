"""A survey beside CRISP, on the same Jaeger files: time, and the totals of the critical paths.

CRISP (https://github.com/uber-research/CRISP) is not a part of this project: `--crisp` names a
checkout of it, `--crisp-python` a Python with what it needs. It reads a file a trace, here with
`--lightMode`, its fastest. The traces are such that its definition of the critical path and ours
agree: calls one after another, with the parent's own time between them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from overlap.bench.survey_cost import SPANS_OF_A_TRACE, dumped, measured, survey_of

LEAST_AHEAD = 5.0
FEW = 10
"""The first files are this part, 1/n, of all."""
SERVICE, ROUTE = "bench", "GET /"
START_US = 1_700_000_000_000_000
_LINE = re.compile(r"(.*) (\d+) <<\d+>>")
_FRAME = re.compile(r"^\[.*?\] ")


@dataclass(frozen=True, slots=True)
class Tool:
    """Processor time of one tool: each is one process, and the machine may be busy."""

    few_s: float
    """For the first files only: most of it is the start."""
    whole_s: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Both, on the same files."""

    spans: int
    few_spans: int
    """Those of the first files."""
    survey: Tool
    crisp: Tool
    differs_us: float
    """By how much a path's mean self-time differs at most; CRISP cuts to microseconds."""

    @property
    def ahead(self) -> float:
        """How many times as fast the survey is, on one core, both with their start."""
        return self.crisp.whole_s / self.survey.whole_s

    @property
    def ahead_running(self) -> float:
        """The same for what comes after the first files: without their start."""
        return self.rate(self.survey) / self.rate(self.crisp)

    def rate(self, tool: Tool) -> float:
        """Return the spans a second that a tool reads once it runs."""
        return (self.spans - self.few_spans) / max(1e-9, tool.whole_s - tool.few_s)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            **asdict(self),
            "ahead": round(self.ahead, 2),
            "ahead_running": round(self.ahead_running, 2),
        }


def beside(checkout: Path, python: str, spans: int, say: Callable[[str], None]) -> Beside:
    """Measure both on generated traces, each with one process."""
    traces = max(FEW, spans // SPANS_OF_A_TRACE)
    few = traces // FEW
    with tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder:
        whole, first = Path(folder) / "traces", Path(folder) / "first"
        say(f"writing {traces:,} files of Jaeger's JSON")
        for place, count in ((whole, traces), (first, few)):
            place.mkdir()
            for number in range(count):
                (place / f"{number:032x}.json").write_text(dumped(_trace(number)))
        environment = _environment(Path(folder))
        say("surveying them")
        _, *times = (
            survey_of([str(files)], 1, env=environment).processor_s
            for files in (first, first, whole)
        )
        survey = Tool(*times)
        stacks = Path(folder) / "stacks.txt"
        command = [sys.executable, "-m", "overlap", "survey", "--json", str(whole)]
        subprocess.run([*command, "--flame", str(stacks)], check=True, stdout=subprocess.DEVNULL)
        say("CRISP reads them")
        environment["PYTHONPATH"] = str(checkout)
        _, *times = (_crisp(python, files, environment) for files in (first, first, whole))
        crisp = Tool(*times)
        found = _crisp_paths(next(whole.glob("*.cct")).read_text())
        mine = {path: us / traces for path, us in _our_paths(stacks.read_text()).items()}
        names = {*found, *mine}
        differs = max(abs(found.get(name, 0.0) - mine.get(name, 0.0)) for name in names)
    return Beside(
        traces * SPANS_OF_A_TRACE, few * SPANS_OF_A_TRACE, survey, crisp, round(differs, 3)
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which Python keeps what it compiled, as an installed tool does.

    So each tool runs once before it is measured. Without this, the one with more modules to
    import would be measured with its compiler.
    """
    found = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def _crisp(python: str, files: Path, environment: dict[str, str]) -> float:
    """Return the processor time that CRISP takes; it writes beside the files."""
    command = [python, "-m", "crisp.main", "-s", SERVICE, "-a", ROUTE, "-i", str(files)]
    run, _ = measured(
        [*command, "--parallelism", "1", "--lightMode"],
        env=environment, cwd=files.parent, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return run.processor_s


def table(found: Beside) -> Table:
    """Return both as a table."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("the same Jaeger files", "processor", "spans/s", "once it runs"):
        made.add_column(heading, justify="left" if heading.startswith("the") else "right")
    for name, tool in (("overlap survey", found.survey), ("CRISP", found.crisp)):
        made.add_row(
            name,
            f"{tool.whole_s:.1f} s",
            f"{found.spans / tool.whole_s:,.0f}",
            f"{found.rate(tool):,.0f}",
        )
    made.add_row("times as fast", "", f"{found.ahead:.1f}", f"{found.ahead_running:.1f}")
    return made


def missed(found: Beside) -> list[str]:
    """Return a sentence for each bound that is not met."""
    sentences = []
    if found.ahead < LEAST_AHEAD:
        sentences.append(f"{found.ahead:.1f} times as fast as CRISP, less than {LEAST_AHEAD:g}")
    if found.differs_us >= 1:
        sentences.append(f"a critical path's mean differs by {found.differs_us:g} µs from CRISP's")
    return sentences


def _our_paths(text: str) -> dict[tuple[str, ...], float]:
    lines = (line.rpartition(" ") for line in text.splitlines())
    return {tuple(stack.split(";")[1:]): float(us) for stack, _, us in lines}


def _crisp_paths(text: str) -> dict[tuple[str, ...], float]:
    found = {}
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            path = tuple(_FRAME.sub("", frame) for frame in match[1].split(";"))
            found[path] = float(match[2])
    return found


def _trace(number: int) -> dict[str, Any]:
    trace_id, unit = f"{number + 1:032x}", 1000 + number % 7 * 100
    spans = [_span(trace_id, 1, ROUTE, "server", 0, SPANS_OF_A_TRACE * unit)]
    for call in range(SPANS_OF_A_TRACE - 1):
        start = call * unit + unit // 10
        spans.append(_span(trace_id, 2 + call, f"call {call % 3}", "client", start, unit * 8 // 10))
    processes = {"p1": {"serviceName": SERVICE, "tags": []}}
    one = {"traceID": trace_id, "spans": spans, "processes": processes, "warnings": None}
    return {"data": [one]}


def _span(  # noqa: PLR0913, PLR0917  all that a span is
    trace_id: str, number: int, name: str, kind: str, start: int, length: int
) -> dict[str, Any]:
    parent = {"refType": "CHILD_OF", "traceID": trace_id, "spanID": f"{1:016x}"}
    return {
        "traceID": trace_id,
        "spanID": f"{number:016x}",
        "operationName": name,
        "references": [parent] if number > 1 else [],
        "startTime": START_US + start,
        "duration": length,
        "processID": "p1",
        "tags": [{"key": "span.kind", "type": "string", "value": kind}],
        "logs": [],
    }
