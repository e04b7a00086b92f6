"""The README's table of lessons, written from app/scenarios: `make readme`."""

import sys
from pathlib import Path

from app.scenarios import SCENARIOS

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- lessons: `make readme` writes this -->\n", "<!-- /lessons -->"


def table() -> str:
    """Every lesson, a row each."""
    rows = ["| lesson | request | what it shows | shapes | compare with |", "|---|---|---|---|---|"]
    for lesson in SCENARIOS:
        paths = dict.fromkeys(each.path for each in lesson.requests if not each.neighbour)
        requests = ", ".join(f"`{path}`" for path in paths)
        pair = f"`{lesson.pair}`" if lesson.pair else ""
        shapes = ", ".join(sorted(lesson.expect.shapes))
        rows.append(f"| `{lesson.name}` | {requests} | {lesson.title} | {shapes} | {pair} |")
    return "\n".join(rows) + "\n"


def written(text: str) -> str:
    """The README's text with the table in it. Raises ValueError where its place is not marked."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md has no place for the lessons")
    return before + begin + table() + end + after


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    README.write_text(written(old), encoding="utf-8")
    print("README.md:", "as it was" if written(old) == old else "written", file=sys.stderr)
