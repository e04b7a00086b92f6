"""Write docs/explanation/predictions.md, advice beside what happened: `make predictions`.

Plays every scenario at full scale; `python -m app.predictions FILE` reads the result of
`python -m app.demo --json FILE` instead.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "predictions.md"
HEAD = """# Advice beside what happened

The [verdict](../reference/verdict.md) says what to change and what it would gain, from one trace.
Many scenarios of the demo have a pair that makes that change, so each prediction can be checked:
*predicted* is computed from the trace of the first scenario alone, *measured* is the trace of its
pair. `request` is how long the request takes; `neighbours` is how long the requests beside it wait,
all together. A prediction holds if it is within 10 % of what was measured, or within 20 ms.

*Written by `make predictions`, which plays every scenario at full scale.*

"""


def table(predictions: list[dict[str, Any]]) -> str:
    """Return the table, a row for each prediction, and how many of them hold."""
    rows = [
        "| scenario | advice | pair | of | today | predicted | measured | holds |",
        "|---|---|---|---|---:|---:|---:|---|",
    ]
    for each in predictions:
        times = " | ".join(
            f"{each[key]:,.0f} ms" for key in ("today_ms", "predicted_ms", "measured_ms")
        )
        of = "request" if each["what"] == "request" else "neighbours"
        rows.append(
            f"| `{each['scenario']}` | {', '.join(each['changes'])} | `{each['pair']}` | {of} "
            f"| {times} | {'yes' if each['holds'] else '**no**'} |"
        )
    good = sum(each["holds"] for each in predictions)
    return "\n".join(rows) + f"\n\n{good} of {len(predictions)} predictions hold.\n"


def play(file: Path) -> None:
    """Play every scenario at full scale; `file` gets the results."""
    environment = {
        key: value for key, value in os.environ.items() if key != "SMOKEHOUSE_TIME_SCALE"
    }
    command = [sys.executable, "-m", "app.demo", "--json", str(file)]
    subprocess.run(command, cwd=ROOT, env=environment, check=False)


def main() -> int:
    """Write the page. Exit status: 1 if a prediction does not hold."""
    with TemporaryDirectory() as folder:
        file = Path(sys.argv[1]) if sys.argv[1:] else Path(folder) / "played.json"
        if not sys.argv[1:]:
            play(file)
        found = json.loads(file.read_text(encoding="utf-8"))["predictions"]
    PAGE.write_text(HEAD + table(found), encoding="utf-8")
    print(table(found))
    return 0 if all(each["holds"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
