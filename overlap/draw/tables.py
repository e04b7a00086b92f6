"""Headings and tables of reports in a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text


def heading(text: str) -> Text:
    """Return the heading of a part of a report."""
    return Text(f"\n{text}", style="bold")


def new_table(*columns: str) -> Table:
    """Return a table. A column is text if its name begins with a capital, otherwise figures."""
    found = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    for column in columns:
        is_text = column[0].isupper()
        found.add_column(
            column.lower(), overflow="fold", justify="left" if is_text else "right",
            no_wrap=not is_text,
        )  # fmt: skip
    return found
