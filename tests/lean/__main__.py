"""`python -m tests.lean`: write docs/explanation/lean-compared.md from the rows."""

import sys
from pathlib import Path

from tests.lean.rows import ANYWHERE, COLUMNS, POSTGRESQL, SQLITE, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "lean-compared.md"
_HEAD = """# Lean, attacked

What one request leaves behind, and whether the next one finds it. [Lean](lean.md) lends requests threads, one at a
time, as WSGI servers do; stock Django under ASGI has a new thread, and so a new database connection, for each. Each
row is tried with real requests under stock ASGI, lean and WSGI by `tests/lean/test_states.py`; this page is made from
the same rows (`python -m tests.lean`).

Lean resets what Django itself keeps in a thread: transactions, connections that were changed, language, time zone,
URLconf, and everything in asgiref's `Local` or in a contextvar. What is left is what belongs to the operating system's
thread, and, with `CONN_MAX_AGE`, to the session of the database. Under WSGI that is so, too.
"""
_PARTS = (("On any database", ANYWHERE), ("On SQLite", SQLITE), ("On PostgreSQL", POSTGRESQL))


def page() -> str:
    """Return the page."""
    lines = [_HEAD]
    for title, rows in _PARTS:
        lines += [f"## {title}", "", f"| state | {' | '.join(COLUMNS)} | how to reset it |"]
        lines += ["|---" * (len(COLUMNS) + 2) + "|", *map(_line, rows), ""]
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = " | ".join("left" if letter == "y" else "new" for letter in row.left)
    differs = row.left[0] != row.left[1] or row.left[1] != row.left[2]
    return f"| `{row.name}` | {cells} | {row.reset or ('lean does' if not differs else '')} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
