"""A survey for the terminal, as rich renderables. Names from a trace never act as markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.draw.tables import heading, new_table
from overlap.judge.summary import clean, duration
from overlap.survey.totals.words import CATEGORY_WORDS, seconds, share

MOST_ROWS = 20
"""Rows of each kind; --json has them all."""
_PATHS = 3
"""Rows of self-time for each route, and of categories."""
_LEAST_SHARE = 0.005
_LEAST_WIDTH = 19
"""Of the column of routes beside many others."""


def report(found: dict[str, Any]) -> RenderableType:
    """Return the report of what `Report.as_dict` returns: what to begin with first."""
    traces, spans = _count(found["traces"], "trace"), _count(found["spans"], "span")
    parts: list[RenderableType] = [Text(f"{traces}, {spans} in {seconds(found['seconds'])}")]
    if found["begin_with"]:
        parts += [heading("Begin with"), _advice(found["begin_with"])]
    if found["culprits"]:
        parts += [heading("What blocked the event loop"), _culprits(found["culprits"])]
    if found["routes"]:
        parts += [heading("Routes"), _routes(found["routes"])]
        parts += [heading("Where the time goes"), _times(found["routes"])]
        parts += [heading("Self-time on the critical path"), _self_times(found["routes"])]
    if repeated := [(one, row) for one in found["routes"] for row in one["queries"]]:
        parts += [heading("Queries that one request repeats"), _queries(repeated)]
    tasks = [
        f"{clean(each['task'])}: "
        + ", ".join(f"{count:,} {clean(end)}" for end, count in each["ends"].items())
        for each in found["background"]
    ]
    parts += _lines("background", tasks)
    parts += _lines("lost", [f"{clean(n)}: {count:,}" for n, count in found["lost"].items()])
    parts += _lines("note", [f"{text} ({n:,})" for text, n in found["warnings"].items()])
    if left_out := found["spans_left_out"]:
        parts += _lines("note", [f"{left_out:,} spans of very long traces were left out"])
    return Renderables(*parts)


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def _name(one: dict[str, Any]) -> Text:
    return Text(f"{clean(one['service'])} {clean(one['route'])}")


def _routes(routes: list[dict[str, Any]]) -> Table:
    table = new_table("Route", "requests", "errors", "p50", "p95", "p99", "Shapes")
    for one in routes[:MOST_ROWS]:
        shapes = ", ".join(f"{clean(shape)} {share(part)}" for shape, part in one["shapes"].items())
        table.add_row(
            _name(one),
            f"{one['requests']:,}",
            f"{one['errors']:,}",
            *(duration(one[key]) for key in ("p50_ms", "p95_ms", "p99_ms")),
            Text(shapes),
        )
    _add_rest(table, len(routes), "routes")
    return table


def _times(routes: list[dict[str, Any]]) -> Table:
    shown = routes[:MOST_ROWS]
    found = [
        category
        for category in CATEGORY_WORDS
        if any(one["time"][category] >= _LEAST_SHARE for one in shown)
    ]
    table = new_table("Route", *(_in_two_lines(CATEGORY_WORDS[category]) for category in found))
    table.columns[0].min_width = _LEAST_WIDTH
    for one in shown:
        shares = (one["time"][category] for category in found)
        table.add_row(_name(one), *(share(part) if part >= _LEAST_SHARE else "" for part in shares))
    return table


def _in_two_lines(words: str) -> str:
    """Return words with a line break near their middle, so that a column of numbers is narrow."""
    spaces = [place for place, char in enumerate(words) if char == " "]
    if not spaces:
        return words
    middle = min(spaces, key=lambda place: abs(2 * place - len(words)))
    return f"{words[:middle]}\n{words[middle + 1 :]}"


def _self_times(routes: list[dict[str, Any]]) -> Table:
    table = new_table("Path of names", "share", "p50", "p99", "Near the median", "Near p99")
    for one in routes[:MOST_ROWS]:
        for row in one["self_time"][:_PATHS]:
            table.add_row(
                Text(" › ".join(clean(name) for name in row["path"])),
                share(row["share"]),
                duration(row["p50_ms"]),
                duration(row["p99_ms"]),
                Text(clean(row["example_p50"])),
                Text(clean(row["example_p99"])),
            )
    return table


def _advice(rows: list[dict[str, Any]]) -> Table:
    table = new_table(
        "Change", "At", "Route", "traces", "saves", "median", "others", "a day", "Example"
    )
    for one in rows[:MOST_ROWS]:
        table.add_row(
            Text(_graded(one)),
            Text(clean(one["at"] or one["parent"])),
            _name(one),
            f"{one['traces']:,}",
            seconds(one["saves_s"]),
            duration(one["saves_p50_ms"]),
            seconds(one["others_s"]),
            seconds(one["s_a_day"]),
            Text(clean(one["example"])),
        )
    _add_rest(table, len(rows), "changes")
    return table


def _graded(one: Mapping[str, Any]) -> str:
    """Return a change and, where it has one, its grade."""
    grade = one.get("evidence", "")
    return f"{clean(one['change'])} ({clean(grade)})" if grade else clean(one["change"])


def _culprits(rows: list[dict[str, Any]]) -> Table:
    table = new_table(
        "Culprit", "Kind", "blocks", "blocked for", "victims", "others waited", "Example"
    )
    for one in rows[:MOST_ROWS]:
        table.add_row(
            Text(clean(one["culprit"])),
            Text(clean(one["kind"]) if one["kind"] else ""),
            f"{one['blocks']:,}",
            seconds(one["held_s"]),
            f"{one['victims']:,}",
            seconds(one["others_waited_s"]),
            Text(clean(one["example"])),
        )
    _add_rest(table, len(rows), "culprits")
    return table


def _queries(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> Table:
    table = new_table("Query", "Route", "requests", "average", "most", "time", "Example")
    for route, one in rows[:MOST_ROWS]:
        table.add_row(
            Text(clean(one["query"])),
            Text(clean(route["route"])),
            f"{one['requests']:,}",
            f"{one['per_request']:.1f}",
            f"{one['most']:,}",
            seconds(one["s"]),
            Text(clean(one["example"])),
        )
    _add_rest(table, len(rows), "queries")
    return table


def _add_rest(table: Table, count: int, what: str) -> None:
    if count > MOST_ROWS:
        table.add_row(Text(f"and {count - MOST_ROWS:,} more {what}", style="dim"))


def _lines(label: str, lines: list[str]) -> list[Text]:
    rest = [f"and {len(lines) - MOST_ROWS:,} more"] if len(lines) > MOST_ROWS else []
    return [
        Text.assemble((f"{label:<11}", "magenta"), line) for line in [*lines[:MOST_ROWS], *rest]
    ]
