"""A survey for the terminal, as rich renderables. Names from a trace never act as markup."""

from __future__ import annotations

from typing import Any

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.judge.summary import clean, duration

MOST_ROWS = 20
"""Rows of each kind; --json has them all."""
_PATHS = 3
"""Rows of self-time for each route."""


def report(found: dict[str, Any]) -> RenderableType:
    """Return the report of what `as_dict` gives: routes, what to begin with, culprits, tasks."""
    parts: list[RenderableType] = [
        Text(f"{found['traces']:,} traces, {found['spans']:,} spans in {found['seconds']:,.1f} s")
    ]
    if found["routes"]:
        parts += [_routes(found["routes"]), _self_times(found["routes"])]
    if found["begin_with"]:
        parts += [Text("\nBegin with", style="bold"), _advice(found["begin_with"])]
    if found["culprits"]:
        parts += [Text("\nWhat blocked the event loop", style="bold"), _culprits(found["culprits"])]
    tasks = [
        f"{clean(each['task'])}: "
        + ", ".join(f"{count:,} {clean(end)}" for end, count in each["ends"].items())
        for each in found["background"]
    ]
    parts += _lines("background", tasks)
    parts += _lines("lost", [f"{clean(n)}: {count:,}" for n, count in found["lost"].items()])
    parts += _lines("note", [f"{text} ({n:,})" for text, n in found["warnings"].items()])
    return Renderables(*parts)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    for column in columns:
        is_text = column[0].isupper()
        table.add_column(
            column.lower(), overflow="fold", justify="left" if is_text else "right",
            no_wrap=not is_text,
        )  # fmt: skip
    return table


def _routes(routes: list[dict[str, Any]]) -> Table:
    table = _table("Route", "requests", "errors", "p50", "p95", "p99", "Shapes")
    for one in routes[:MOST_ROWS]:
        shapes = ", ".join(f"{shape} {share:.0%}" for shape, share in one["shapes"].items())
        table.add_row(
            Text(f"{clean(one['service'])} {clean(one['route'])}"),
            f"{one['requests']:,}",
            f"{one['errors']:,}",
            *(duration(one[key]) for key in ("p50_ms", "p95_ms", "p99_ms")),
            Text(shapes),
        )
    _add_rest(table, len(routes), "routes")
    return table


def _self_times(routes: list[dict[str, Any]]) -> Table:
    table = _table("Self-time on the critical path", "share", "p50", "Example")
    for one in routes[:MOST_ROWS]:
        for row in one["self_time"][:_PATHS]:
            table.add_row(
                Text(" › ".join(clean(name) for name in row["path"])),
                f"{row['share']:.0%}",
                duration(row["p50_ms"]),
                Text(clean(row["example_p50"])),
            )
    return table


def _advice(rows: list[dict[str, Any]]) -> Table:
    table = _table("Change", "At", "Route", "traces", "saves", "others")
    for one in rows[:MOST_ROWS]:
        table.add_row(
            Text(clean(one["change"])),
            Text(clean(one["at"] or one["parent"])),
            Text(clean(one["route"])),
            f"{one['traces']:,}",
            duration(one["saves_s"] * 1000),
            duration(one["others_s"] * 1000),
        )
    _add_rest(table, len(rows), "changes")
    return table


def _culprits(rows: list[dict[str, Any]]) -> Table:
    table = _table("Culprit", "Kind", "blocks", "held", "victims", "others waited")
    for one in rows[:MOST_ROWS]:
        table.add_row(
            Text(clean(one["culprit"])),
            Text(clean(one["kind"])),
            f"{one['blocks']:,}",
            duration(one["held_s"] * 1000),
            f"{one['victims']:,}",
            duration(one["others_waited_s"] * 1000),
        )
    _add_rest(table, len(rows), "culprits")
    return table


def _add_rest(table: Table, count: int, what: str) -> None:
    if count > MOST_ROWS:
        table.add_row(Text(f"and {count - MOST_ROWS:,} more {what}", style="dim"))


def _lines(label: str, lines: list[str]) -> list[Text]:
    rest = [f"and {len(lines) - MOST_ROWS:,} more"] if len(lines) > MOST_ROWS else []
    return [
        Text.assemble((f"{label:<11}", "magenta"), line) for line in [*lines[:MOST_ROWS], *rest]
    ]
