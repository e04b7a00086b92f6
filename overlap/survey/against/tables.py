"""A comparison of two surveys for the terminal. Names from a trace never act as markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.judge.summary import clean, duration
from overlap.survey.totals.words import share

MOST_ROWS = 30
_STYLES = {"slower": "red", "more": "red", "faster": "green", "less": "green"}
_GOOD_SHAPES = ("concurrent", "single")


def report(found: dict[str, Any]) -> RenderableType:
    """Return what `compare` returns as a table of routes and a line for each other change."""
    before, after = found["traces"]
    note = "; the second source began first, and is taken as before" if found["is_swapped"] else ""
    parts: list[RenderableType] = [Text(f"{before:,} traces before, {after:,} after{note}")]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("route", "requests", "p50 before", "after", "", "p95 before", "after", ""):
        table.add_column(heading, justify="left" if heading in {"route", ""} else "right")
    for row in found["routes"][:MOST_ROWS]:
        cells: list[str | Text] = []
        for q in row["durations"]:
            cells += [*map(duration, q["ms"]), _change(q)]
        requests = " / ".join(f"{count:,}" for count in row["requests"])
        table.add_row(Text(f"{clean(row['service'])} {clean(row['route'])}"), requests, *cells)
    if found["routes"]:
        parts += [Text(), table]
    if len(found["routes"]) > MOST_ROWS:
        parts.append(Text(f"and {len(found['routes']) - MOST_ROWS:,} more routes", style="dim"))
    lines = [*_lines(found)]
    parts += [Text(), *lines[:MOST_ROWS]] if lines else []
    if len(lines) > MOST_ROWS:
        parts.append(Text(f"and {len(lines) - MOST_ROWS:,} more changes", style="dim"))
    if not lines and all(q["change"] == "none" for r in found["routes"] for q in r["durations"]):
        parts.append(Text("\nnothing changed beyond noise"))
    return Renderables(*parts)


def _change(q: dict[str, Any]) -> Text:
    if q["change"] == "none":
        return Text("no change", style="dim")
    return Text(f"{q['ratio'] - 1:+.0%}", style=_STYLES[q["change"]])


def _lines(found: dict[str, Any]) -> Iterator[Text]:
    """Yield a line for each change beyond noise, and for routes that only one of both has."""
    for row in found["routes"]:
        for one in row["shapes"]:
            if one["change"] != "none":
                before, after = map(share, one["shares"])
                style = "" if one["shape"] in _GOOD_SHAPES else _STYLES[one["change"]]
                yield Text(f"{clean(row['route'])}: {one['shape']} {before} → {after}", style=style)
        if row["errors"]["change"] != "none":
            before, after = map(share, row["errors"]["shares"])
            style = _STYLES[row["errors"]["change"]]
            yield Text(f"{clean(row['route'])}: errors {before} → {after}", style=style)
    for row in found["culprits"]:
        if row["change"] != "none":
            before, after = row["blocks"]
            what = f"{clean(row['culprit'])} blocked the event loop {before:,} → {after:,} times"
            yield Text(f"{clean(row['route'])}: {what}", style=_STYLES[row["change"]])
    for row in found["lost"]:
        if row["change"] != "none":
            before, after = row["tasks"]
            what = f"lost background tasks {before:,} → {after:,}"
            yield Text(f"{clean(row['route'])}: {what}", style=_STYLES[row["change"]])
    for key, words in (("only_before", "only before"), ("only_after", "new")):
        for row in found[key]:
            yield Text(f"{clean(row['route'])}: {words}, {row['requests']:,} requests", style="dim")
