"""`python -m tests.faults`: write docs/explanation/faults.md from the rows."""

import sys
from pathlib import Path

from tests.faults.rows import BACKENDS, JOURNALS, PROCESSES, RECORDER, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "faults.md"
_HEAD = """# Faults

What a request sees, what is lost and what is said when a part fails. Each row is a test in `tests/faults/`, which
makes the fault with real servers and processes; `make faults` runs them all, and so does the gate. The table is made
from the same rows (`python -m tests.faults`). What the stack's own servers do when one of them is stopped is tested in
`tests/stack/test_faults.py`.
"""
_PARTS = (
    ("The backend", "Telemetry is sent in a thread of its own. One export may take five seconds with its retries "
     "(`OTEL_EXPORTER_OTLP_TIMEOUT`), however slowly the backend answers. What can't be delivered is said once, when "
     "it begins, and once with its count, when it ends.", BACKENDS),
    ("The journal of background tasks", "`OVERLAP_JOURNAL_DIR` is a folder in which each process notes what it has "
     "started. The file is locked while its process lives.", JOURNALS),
    ("The flight recorder", "`OVERLAP_RECORDER_DIR` is a folder in which each process keeps a ring, and writes dumps of it.",
     RECORDER),
    ("Processes", "", PROCESSES),
)  # fmt: skip


def page() -> str:
    """Return the page."""
    lines = [_HEAD]
    for title, text, rows in _PARTS:
        lines += [f"## {title}", ""]
        lines += [text, ""] if text else []
        lines += ["| fault | a request is | lost | said | test |", "|---|---|---|---|---|"]
        lines += [_line(each) for each in rows]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row) -> str:
    said = f"`{row.said}`" if row.said else "nothing"
    return f"| {row.fault} | {row.request} | {row.lost} | {said} | `{row.test}` |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
