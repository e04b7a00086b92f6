"""Write the table of lessons, docs/reference/lessons.md, from app/scenarios: `make readme`."""

import sys
from pathlib import Path

from app.scenarios import SCENARIOS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "lessons.md"
HEAD = """# Lessons of the demo

Each scenario of the demo is a lesson: a view of the tutorial *Async Views in Django*, or the same
work done in another way. Its pair is the lesson to compare it with. Play one with
`make play LESSONS=name`, or all with `make demo`. What the shapes mean:
[the verdict](verdict.md#shapes).

*Written by `make readme` from `app/scenarios/`.*

"""


def table() -> str:
    """Return the table, a row for each lesson."""
    rows = ["| lesson | request | what it shows | shapes | compare with |", "|---|---|---|---|---|"]
    for lesson in SCENARIOS:
        paths = dict.fromkeys(each.path for each in lesson.requests if not each.neighbour)
        requests = ", ".join(f"`{path}`" for path in paths)
        pair = f"`{lesson.pair}`" if lesson.pair else ""
        shapes = ", ".join(sorted(lesson.expect.shapes))
        rows.append(f"| `{lesson.name}` | {requests} | {lesson.title} | {shapes} | {pair} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """Return the whole page."""
    return HEAD + table()


if __name__ == "__main__":
    old = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name}:", "unchanged" if page() == old else "written", file=sys.stderr)
