"""`overlap recorder`: show what the flight recorder wrote."""

from __future__ import annotations

import io
import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overlap.files import write_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from overlap.recording import Recording

DRAWN = 5
"""The requests that are drawn, the longest first."""
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("recorder")
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
@click.option("--draw", default=DRAWN, show_default=True, help="How many requests to draw.")
@click.option("--html", metavar="FILE", type=_FILE, help="Write the same as one HTML page.")
@click.option(
    "--traces",
    "traces_file",
    metavar="FILE",
    type=_FILE,
    help="Write a trace of each request, as OTLP JSON lines.",
)
@click.option(
    "--page",
    "is_page",
    is_flag=True,
    help="Serve its requests on pocket's pages, until Ctrl-C.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of --page.  [default: a free one]",
)
def command(  # noqa: PLR0913  click passes them by name
    *,
    file: Path,
    as_json: bool,
    draw: int,
    html: Path | None,
    traces_file: Path | None,
    is_page: bool,
    port: int,
) -> None:
    """Show a recording: why it was written, the slowest requests, what happened meanwhile.

    FILE is a .flight file from OVERLAP_RECORDER_DIR, or the .ring of a process that still runs. No
    backend is needed: with --page, each request has its waterfall, verdict and advice in a browser.
    What --traces writes is read by `overlap verdict`, `overlap survey` and `overlap pocket --load`.
    """
    from overlap.recording import read, summary, traces
    from overlap.recording.otlp import text

    recording = read(file)
    if traces_file is not None:
        write_text(traces_file, text(traces(recording)), errors="replace")
    if is_page:
        from overlap.commands.recorder.page import serve

        serve(recording, port)
    elif as_json:
        found = summary(recording).as_dict()
        click.echo(json.dumps(found, indent=2 if sys.stdout.isatty() else None))
    elif html is not None:
        write_text(html, _page(recording, draw), errors="replace")
    else:
        _show(recording, draw)


def _show(recording: Recording, draw: int) -> None:
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name may have what the terminal lacks
    console = Console(highlight=False, markup=False, emoji=False)
    for part in _parts(recording, draw, console.width):
        console.print(part)


def _page(recording: Recording, draw: int) -> str:
    from rich.console import Console

    # Rich escapes what it exports, and the page has no script.
    console = Console(
        record=True, width=160, file=io.StringIO(), highlight=False, markup=False, emoji=False
    )
    for part in _parts(recording, draw, console.width):
        console.print(part)
    return console.export_html(inline_styles=False)


def _parts(recording: Recording, draw: int, columns: int) -> list[RenderableType]:
    from overlap.draw import picture
    from overlap.judge import verdict
    from overlap.judge.report import report as judged
    from overlap.recording import summary, traces
    from overlap.recording.report import report

    parts: list[RenderableType] = [report(summary(recording), columns)]
    for trace in islice(traces(recording), max(0, draw)):
        found = verdict(trace)
        parts += ["", picture(trace, found), judged(found)]
    return parts
