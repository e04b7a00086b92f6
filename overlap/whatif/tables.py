"""A prediction for the terminal, as rich renderables. Names from a trace never act as markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.judge.summary import clean, duration
from overlap.whatif.prediction import SHARES

MOST_ROWS: Final = 20
"""Rows of routes; --json has them all."""
_BAR: Final = 20
_LITTLE: Final = 0.02


def report(found: dict[str, Any]) -> RenderableType:
    """Return the report of what `what_if` returns."""
    parts: list[RenderableType] = []
    if found["changes"]:
        parts.append(Text("What if", style="bold"))
        parts += [Text(f"  {clean(each['text'], 100)}") for each in found["changes"]]
    else:
        parts.append(Text("Replay without a change", style="bold"))
    parts += [Text(""), _routes(found)]
    notes = [*_notes(found)]
    if notes:
        parts.append(Text(""))
        parts += [Text(f"note: {text}", style="dim") for text in notes]
    parts += [Text("\nHow full the loops are", style="bold"), _loops(found)]
    return Renderables(*parts)


def _routes(found: dict[str, Any]) -> Table:
    changed = bool(found["changes"])
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("route", overflow="fold")
    for column in ("requests", "", "recorded", "replayed"):
        table.add_column(column, justify="right", no_wrap=True)
    if changed:
        table.add_column("predicted", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    for row in found["routes"][:MOST_ROWS]:
        for place, key in enumerate(SHARES):
            cells: list[Text | str] = [
                Text(clean(row["route"]) if not place else ""),
                f"{row['requests']:,}" if not place else "",
                key[:3],
                duration(row["recorded"][key]),
                Text(
                    duration(row["replayed"][key]),
                    style="" if row["is_trusted"] else "red",
                ),
            ]
            if changed:
                cells += _prediction(row, key)
            table.add_row(*cells)
    if (rest := len(found["routes"]) - MOST_ROWS) > 0:
        table.add_row(Text(f"{rest:,} more routes (--json, --route)"))
    return table


def _prediction(row: dict[str, Any], key: str) -> list[Text]:
    if row["predicted"] is None:
        return [Text("-"), Text("")]
    after, replayed = row["predicted"][key], row["replayed"][key]
    part = (after - replayed) / replayed if replayed else 0.0
    error = abs(row["error"][key])
    if abs(part) <= max(error, _LITTLE):
        words = Text("no change beyond the replay's error", style="dim")
    elif after < replayed:
        words = Text(f"{-part:.0%} shorter", style="green")
    else:
        words = Text(f"{part:.0%} longer", style="red")
    return [Text(duration(after)), words]


def _notes(found: dict[str, Any]) -> Iterator[str]:
    for row in found["routes"][:MOST_ROWS]:
        for text in row["notes"]:
            yield f"{clean(row['route'])}: {clean(text, 400)}"
    for one in found["services"]:
        yield from (f"{clean(one['service'])}: {text}" for text in one["notes"])
        if one["unended"]:
            yield f"{clean(one['service'])}: {one['unended']:,} requests without an end left out"


def _loops(found: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in found["services"]:
        _add_loops(table, clean(one["service"]), "replayed", one["utilization"]["recorded"])
        if (after := one["utilization"]["predicted"]) is not None:
            _add_loops(table, "", "predicted", after)
    return table


def _add_loops(table: Table, service: str, what: str, shares: list[float]) -> None:
    mean = sum(shares) / len(shares)
    filled = round(mean * _BAR)
    count = f"{len(shares)} worker{'s' if len(shares) > 1 else ''}"
    fullest = f", the fullest {max(shares):.0%}" if len(shares) > 1 else ""
    table.add_row(
        Text(service),
        what,
        Text("█" * filled + "·" * (_BAR - filled)),
        f"{mean:.0%} of {count}{fullest}",
    )
