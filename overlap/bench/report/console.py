"""How `overlap bench` prints: progress and notes on standard error, tables on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from overlap.bench.comparison import Comparison
from overlap.bench.load.saturation import load_by
from overlap.bench.report.tables import WIDTH, lines, table
from overlap.runtime.stop_signals import exit_at_first


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being measured; yield the function that is called with each step."""
    exit_at_first()
    if load_by() != "wrk":
        print_note(
            "wrk is not installed: httpx sends the load, and limits req/s; compare the "
            "processor time for each request"
        )
    console = Console(stderr=True)
    with console.status("bench") as status:

        def say(text: str) -> None:
            status.update(f"bench: {text}")
            if not console.is_terminal:
                print_note(text)

        yield say


def print_note(text: str, style: str | None = None) -> None:
    """Print one line on standard error."""
    Console(stderr=True, highlight=False).print(text, markup=False, style=style)


def print_comparison(comparison: Comparison) -> None:
    """Print the table of a comparison, and the ratios below it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    console.print(table(comparison))
    for line in lines(comparison):
        console.print(line, soft_wrap=True)


def print_table(result: Table, machine: str) -> None:
    """Print a table, and the machine it was measured on."""
    console = Console(highlight=False)
    console.print(result)
    console.print(machine, style="dim", soft_wrap=True)
