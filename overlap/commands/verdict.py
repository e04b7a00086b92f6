"""`overlap verdict`: judge any trace, of any service."""

from __future__ import annotations

import io
import json
import sys

import click
from rich.console import Console

from overlap.commands.reading import traces
from overlap.judge import Verdict, verdict
from overlap.trace import Trace


@click.command("verdict")
@click.argument("trace", metavar="TRACE_ID|FILE|-")
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON, an object a line.")
@click.option("--traces-url", default=None, help="Where a trace id is looked up: Jaeger's v3 API.")
def command(trace: str, as_json: bool, traces_url: str | None) -> None:
    """Judge a trace: its id, a file or standard input (-).

    Reads OTLP as JSON (bare, as Jaeger's v3 API answers, or line by line as the
    collector's file exporter writes) or as protobuf, and the JSON that Jaeger's
    UI downloads. Every trace in a file is judged.
    """
    for each in traces(trace, traces_url):
        found = verdict(each)
        if as_json:
            # A person gets it indented, a program an object a line.
            click.echo(json.dumps(found.as_dict(), indent=2 if sys.stdout.isatty() else None))
        else:
            _show(each, found)


def _show(trace: Trace, found: Verdict) -> None:
    from overlap.draw import picture
    from overlap.judge.report import report

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name the terminal can't write is no failure
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(picture(trace, found))
    console.print()
    console.print(report(found))
