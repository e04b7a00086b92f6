"""Write docs/explanation/predictions.md, which compares advice with results: `make predictions`.

The rows that the README shows are renewed too. This plays every scenario at full scale, and those
with a prediction twice more. With FILE arguments, which `python -m app.demo --json FILE` writes,
it reads these instead.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "predictions.md"
README = ROOT / "README.md"
PLAYS = 3
TIMES = ("today_ms", "predicted_ms", "measured_ms")
EXPLAINED: dict[str, str] = {}
"""Why a prediction misses, by scenario: each that does needs its cause here."""
HEAD = """# Advice beside what happened

The [verdict](../reference/verdict.md) says what to change and what it would gain, from one trace.
Many scenarios of the demo have a pair that makes that change, so each prediction can be checked:
*predicted* is computed from the trace of the first scenario alone, *measured* is the trace of its
pair. For `request` these are how long the request takes; for `neighbours`, how much less the
requests beside it wait, all together. A prediction holds if it is within 10 % of what was measured,
or within 20 ms.

*Written by `make predictions`, which plays at full scale; figures are medians of PLAYS plays.*

""".replace("PLAYS", str(PLAYS))


def medians(plays: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return each prediction found in most plays, with the medians of its figures."""
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for each in (each for play in plays for each in play):
        grouped.setdefault((each["scenario"], each["pair"], each["what"]), []).append(each)
    found = []
    for same in grouped.values():
        if 2 * len(same) <= len(plays):
            continue  # caused by a busy machine, not by the scenario
        one = same[0]
        times = {key: median(each[key] for each in same) for key in TIMES}
        allowed = max(0.1 * abs(times["measured_ms"]), 20.0)
        holds = abs(times["predicted_ms"] - times["measured_ms"]) <= allowed
        found.append({**one, **times, "holds": holds})
    return found


def table(predictions: list[dict[str, Any]]) -> str:
    """Return the table, a row for each prediction, and how many of them hold."""
    rows = [
        "| scenario | advice | pair | of | today | predicted | measured | holds |",
        "|---|---|---|---|---:|---:|---:|---|",
    ]
    for each in predictions:
        times = " | ".join(f"{each[key]:,.0f} ms" for key in TIMES)
        of = "request" if each["what"] == "request" else "neighbours"
        rows.append(
            f"| `{each['scenario']}` | {', '.join(each['changes'])} | `{each['pair']}` | {of} "
            f"| {times} | {'yes' if each['holds'] else '**no**'} |"
        )
    good = sum(each["holds"] for each in predictions)
    missed = dict.fromkeys(each["scenario"] for each in predictions if not each["holds"])
    notes = "".join(f"\n`{name}`: {EXPLAINED.get(name, 'not explained.')}\n" for name in missed)
    return "\n".join(rows) + f"\n\n{good} of {len(predictions)} predictions hold.\n" + notes


def in_readme(predictions: list[dict[str, Any]], text: str) -> str:
    """Return the README with the new figures of the scenarios that it shows."""
    rows = {row.split(" | ")[0]: row for row in table(predictions).splitlines() if "`" in row}
    return "\n".join(rows.get(line.split(" | ")[0], line) for line in text.split("\n"))


def play(file: Path, names: list[str]) -> list[dict[str, Any]]:
    """Play scenarios at full scale; return the predictions."""
    environment = {**os.environ, "SMOKEHOUSE_TIME_SCALE": "1"}
    command = [sys.executable, "-m", "app.demo", "--json", str(file), *names]
    subprocess.run(command, cwd=ROOT, env=environment, check=False)
    return read(file)


def read(file: Path) -> list[dict[str, Any]]:
    """Return the predictions in the output of `overlap play --json`."""
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["predictions"]
    return found


def main(files: list[str]) -> int:
    """Write the page. Return the exit status: 1 if a prediction does not hold."""
    if files:
        plays = [read(Path(file)) for file in files]
    else:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "played.json"
            plays = [play(file, [])]
            names = sorted({each[key] for each in plays[0] for key in ("scenario", "pair")})
            plays += [play(file, names) for _ in range(PLAYS - 1)]
    found = medians(plays)
    PAGE.write_text(HEAD + table(found), encoding="utf-8")
    README.write_text(in_readme(found, README.read_text(encoding="utf-8")), encoding="utf-8")
    print(table(found))
    return 0 if all(each["holds"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
