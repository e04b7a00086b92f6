"""The page of long runs: what `make soak` and `make fuzz` said, in the form in which they said it.

Each file of `runs/` is the output of one command, below a line with the command and a line with
the machine. docs/explanation/long-runs.md is made from them when the docs are built.
"""

from dataclasses import dataclass
from pathlib import Path

RUNS = Path(__file__).parent / "runs"
_HEAD = """# Long runs

CI runs the short forms of `make soak`, `make fuzz` and `make faults` for each push. These are runs of the long forms, as the commands
printed them.

**The soak** starts the little site of the tests (Django with lean, Channels, SQLite) under uvicorn, pocket, and between them a backend that
is well for a while, answers 500, hangs, answers 429, and so on. With `COLLECTOR=1` the real collector with
`otel/collector.yaml` stands before that backend. Clients ask for views of every kind, sync and async, stream, disconnect, fail, start
background tasks, and hold WebSockets. `python -m tests.soak --help` has the options.

- *RSS* is the median at the end beside that at a fifth of the time. What has a bound is filled before: pocket keeps 1,000 spans, with which it
  is filled at the start, and its page *Routes* covers a tenth of the time (`--survey-minutes`), not an hour.
- *p99* and *processor time a request* are those of the second and of the last fifth of the time. A bare ASGI server beside it is asked by the
  same client all the time: what makes it slower, other work on a shared machine, excuses as much of a longer p99, and nothing more.
- Every span that ended is counted in the app, in a file. It must have been *received* by pocket, or *counted as dropped*: the app's log says
  how many, and so do the collector's own metrics.

A first hour (65,479 requests, 147,546 spans), on a machine with a load of 30 to 60, found what was mended before the hour below: the watchdog
kept the source of every file in which it saw a block (the app grew by 6.7 %), pocket's page *Routes* answered 500 six times where traces were
surveyed while its sums were read, and the soak's own backend counted eight spans that their sender had already counted as dropped.

**The fuzzer** changes valid inputs and keeps those that reach new lines of the code. Each failure that it finds is mended, and its input
is played by the tests from then on (`tests/fuzz/found/`).
"""


@dataclass(frozen=True)
class Run:
    """The output of one command."""

    command: str
    machine: str
    output: str


def runs() -> list[Run]:
    """Return every recorded run, by the name of its file."""
    return [_read(path) for path in sorted(RUNS.glob("*.txt"))]


def _read(path: Path) -> Run:
    command, machine, output = path.read_text(encoding="utf-8").split("\n", 2)
    return Run(command, machine, output.strip("\n"))


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for run in runs():
        parts.append(f"## `{run.command}`\n\n{run.machine}\n\n```text\n{run.output}\n```\n")
    return "\n".join(parts)
