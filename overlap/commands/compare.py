"""`overlap compare`: compare two traces."""

from __future__ import annotations

import io
import json
import sys

import click

from overlap.commands.reading import STDIN, ids, no_garbage_collection, traces, where
from overlap.errors import OverlapError
from overlap.judge import verdict
from overlap.trace import Trace


@click.command("compare")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="The comparison as one JSON object.")
@click.option("--traces-url", default=None, help="Where a trace id is looked up: Jaeger's v3 API.")
def command(a: str, b: str, as_json: bool, traces_url: str | None) -> None:
    """Show how trace B differs from trace A.

    Each is a trace's id, a file or standard input (-), as for `overlap verdict`; FILE#ID names
    one trace of a file that has several. Both are drawn on one time axis. Exit status: 0, also
    if they differ; 2 if a trace can't be read.
    """
    if {a.partition("#")[0], b.partition("#")[0]} == {STDIN}:
        raise OverlapError("only one of the two can be read from standard input: name the other")
    with no_garbage_collection():
        one, other = (_trace(what, traces_url) for what in (a, b))
        if as_json:
            from overlap.compare import compare

            found = compare(one, other).as_dict()
            click.echo(json.dumps(found, indent=2 if sys.stdout.isatty() else None))
        else:
            _show(one, other)


def _trace(what: str, traces_url: str | None) -> Trace:
    found = traces(what, traces_url)
    if len(found) > 1:
        raise OverlapError(
            f"{where(what)} has {len(found)} traces, and only one can be compared: choose one with "
            f"{what}#ID, of {ids(found)}"
        )
    return found[0]


def _show(one: Trace, other: Trace) -> None:
    from rich.console import Console

    from overlap.compare import compare
    from overlap.compare.report import heading, report
    from overlap.draw import aligned

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name may have what the terminal lacks
    console = Console(highlight=False, markup=False, emoji=False)
    verdicts = verdict(one), verdict(other)
    found = compare(one, other, *verdicts)
    pictures = aligned((one, verdicts[0]), (other, verdicts[1]))
    for letter, side, drawn in zip("AB", (found.a, found.b), pictures, strict=True):
        console.print(heading(letter, side))
        console.print(drawn)
        console.print()
    console.print(report(found))
