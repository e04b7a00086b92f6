"""Write docs/explanation/whatif.md, which compares predictions with results: `make whatif`.

Plays scenarios and their pairs at full scale, and two loads, and lets `overlap.whatif` predict from
the traces of the one what the traces of the other show. With a FOLDER, the traces are kept in it,
and those that are there already are not recorded again. With NAMEs of scenarios, only these are
compared, and the page is not written.
"""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.services import ROOT, DemoError
from app.whatif_recording import PLAYS, record, trace_file
from app.whatif_trials import TRIALS, Trial
from overlap.errors import OverlapError
from overlap.judge.summary import duration
from overlap.trace import read
from overlap.whatif import Recorded, recorded, what_if
from overlap.whatif.prediction import quantiles

PAGE = ROOT / "docs" / "explanation" / "whatif.md"
ALLOWED = {"p50_ms": 0.15, "p99_ms": 0.25}
LEAST_MS = 10.0
LEAST_PART = 0.02
"""What is off by less, in ms or as a part of what was recorded, is the machine's."""
EXPLAINED = {
    "menu": "twenty requests at once start twenty threads, which share the interpreter lock with "
    "the loop. How long that takes differs from play to play by as much as is missed.",
    "cpu_threads": "a neighbour waits for the interpreter lock at each system call of the server, "
    "and the longest of nine had to more often than the others. The replay misses it, so nothing "
    "is predicted.",
    "cpu_load": "which worker accepts a request is the operating system's choice, the model's is "
    "random among those whose loops are idle, and requests that meet in one worker take turns "
    "there. Here one of three workers accepted 13 of 20 requests, six of them in a row. The 99th "
    "percentile of 20 is the longest.",
    "file": "the longest of nine neighbours waited for the machine, which has other work; nothing "
    "in the recording shows that.",
}
"""Why a prediction misses, by the scenario that it was made from."""
MARK = "<!-- the table: written by `make whatif` -->\n"


@dataclass(frozen=True)
class Row:
    """One quantile of one route. Times in ms."""

    trial: Trial
    route: str
    key: str
    requests: int
    recorded: float
    replayed: float
    predicted: float | None
    measured: float

    @property
    def off(self) -> float | None:
        """How far the prediction is off, as a part of what was measured."""
        return None if self.predicted is None else self.predicted / self.measured - 1

    @property
    def holds(self) -> bool:
        """Whether it is near enough."""
        if self.predicted is None:
            return False
        allowed = max(ALLOWED[self.key] * self.measured, LEAST_MS, LEAST_PART * self.recorded)
        return abs(self.predicted - self.measured) <= allowed


def compare(folder: Path, trials: list[Trial]) -> Iterator[Row]:
    """Yield a row for each trial, route and quantile."""
    for trial in trials:
        after = [job for part in _recorded(folder, trial.after, trial.scale) for job in part.jobs]
        found = what_if(_recorded(folder, trial.before, "1"), trial.changes)
        rows = {row["route"]: row for row in found["routes"]}
        for one, other in trial.routes:
            row = rows[one]
            measured = quantiles([job.recorded_ns for job in after if job.route == other])
            for key in ALLOWED:
                yield Row(
                    trial, one, key, row["requests"], row["recorded"][key], row["replayed"][key],
                    row["predicted"] and row["predicted"][key], measured[key],
                )  # fmt: skip


def _recorded(folder: Path, scenario: str, scale: str) -> list[Recorded]:
    file = trace_file(folder, scenario, scale)
    return recorded(read(file.read_bytes(), source=str(file)))


def table(rows: list[Row]) -> str:
    """Return the table as Markdown, and how many predictions hold."""
    lines = [
        "| recorded | change | measured in | route | requests | | recorded | replayed | predicted "
        "| measured | off |",
        "|---|---|---|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        trial = row.trial
        times = (row.recorded, row.replayed, row.predicted, row.measured)
        off = "-" if row.off is None else f"{row.off:+.0%}"
        after = f"`{trial.after}`" + (", its query halved" if trial.scale != "1" else "")
        lines.append(
            f"| `{trial.before}` | `{trial.option}` | {after} | `{row.route}` | {row.requests} "
            f"| {row.key[:3]} | {' | '.join('-' if ms is None else duration(ms) for ms in times)} "
            f"| {off if row.holds else f'**{off}**'} |"
        )
    good = sum(row.holds for row in rows)
    missed = dict.fromkeys(row.trial.before for row in rows if not row.holds)
    notes = "".join(f"\n`{name}`: {EXPLAINED.get(name, 'not explained.')}\n" for name in missed)
    return "\n".join(lines) + f"\n\n{good} of {len(rows)} predictions hold.\n" + notes


def machine() -> str:
    """Return on what and when this was measured."""
    version = platform.python_version()
    cores = os.cpu_count()
    day = datetime.now(UTC).date()
    return f"{day}, {platform.machine()}, {cores} cores, Python {version}, {PLAYS} plays of each"


def main(arguments: list[str]) -> int:
    """Compare, and write the page. Return the exit status: 1 if a prediction does not hold."""
    known = {trial.before for trial in TRIALS}
    trials = [trial for trial in TRIALS if not known & {*arguments} or trial.before in arguments]
    folders = [each for each in arguments if each not in known]
    try:
        with TemporaryDirectory() as temporary:
            folder = Path(folders[0] if folders else temporary)
            folder.mkdir(parents=True, exist_ok=True)
            record(folder, trials)
            rows = [*compare(folder, trials)]
    except (DemoError, OverlapError) as error:
        print(f"whatif: {error}", file=sys.stderr)
        return 2
    print(table(rows))
    if len(trials) == len(TRIALS):
        head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
        text = f"{head}{MARK}\n*{machine()}.*\n\n{table(rows)}"
        PAGE.write_text(text, encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
