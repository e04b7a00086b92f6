"""A comparison for a reader at a terminal, as rich renderables. Names never act as markup."""

from __future__ import annotations

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.compare import model
from overlap.compare.model import Change, Comparison, Side
from overlap.compare.summary import counted, name, sentence
from overlap.judge.summary import clean, duration

MOST_ROWS = 40
"""A reader of ten thousand changes uses --json."""
_COLOURS = {
    model.CONCURRENT: "green",
    model.FASTER: "green",
    model.FIXED: "green",
    model.NOT_CONCURRENT: "yellow",
    model.SLOWER: "red",
    model.FAILED: "red",
}


def heading(letter: str, side: Side) -> Text:
    """Return the line above one of the two pictures."""
    return Text.assemble(
        (letter, "bold"),
        "  ",
        (", ".join(side.shapes), "bold"),
        f"  {duration(side.wall_ms)}  ",
        (clean(side.trace_id), "dim"),
    )


def report(comparison: Comparison) -> RenderableType:
    """Return the summary, and each change as a row of a table."""
    parts: list[RenderableType] = [Text(sentence(comparison))]
    if comparison.changes:
        parts.append(_table(comparison))
    return Renderables(*parts)


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("span", overflow="fold")
    table.add_column("A", justify="right", no_wrap=True)
    table.add_column("B", justify="right", no_wrap=True)
    table.add_column("change", overflow="fold")
    for change in comparison.changes[:MOST_ROWS]:
        table.add_row(
            Text(name(change)),
            Text(counted(change.a_count, change.a_ms)),
            Text(counted(change.b_count, change.b_ms)),
            _what(change),
        )
    if (more := len(comparison.changes) - MOST_ROWS) > 0:
        table.add_row(Text(f"and {more:,} more changes", style="dim"))
    return table


def _what(change: Change) -> Text:
    line = Text(", ").join(Text(what, _COLOURS.get(what, "")) for what in change.what)
    if change.below:
        line.append(f", with {change.below} below", "dim")
    return line
