"""`overlap verdict`: judge any trace, of any service."""

from __future__ import annotations

import io
import sys

import click
import msgspec

from overlap.commands.reading import ids, no_garbage_collection, traces, where
from overlap.commands.writing import write_output
from overlap.errors import OverlapError
from overlap.judge import Verdict, verdict
from overlap.trace import Trace


@click.command("verdict")
@click.argument("trace", metavar="TRACE_ID|FILE|-")
@click.option("--trace", "only", metavar="ID", help="Judge only this trace of the file.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON, one object a line.")
@click.option("--html", metavar="FILE", help="Write the trace as one page that needs nothing else.")
@click.option("--traces-url", default=None, help="Where a trace id is looked up: Jaeger's v3 API.")
def command(
    trace: str, only: str | None, as_json: bool, html: str | None, traces_url: str | None
) -> None:
    """Judge a trace: its id, a file or standard input (-).

    Reads OTLP as JSON (plain, from Jaeger's v3 API, Tempo or Grafana, or one object a line) or as
    protobuf, both also from the collector's file exporter; the JSON of Jaeger's UI and of Zipkin
    v2; and the output of the SDK's console exporter. Each may be compressed with gzip or zstd.
    Every trace in a file is judged. Spans that can't be read are left out and reported in
    `warnings`.

    FILE of --html may be - for standard output.
    """
    if html and as_json:
        raise click.UsageError("only one of --json and --html can be written")
    with no_garbage_collection():
        waiting = traces(trace, traces_url, only)[::-1]
        if html:
            _write_page(waiting, trace, html)
            return
        while waiting:
            each = waiting.pop()
            found = verdict(each)
            if as_json:
                del each  # frees the memory of a large trace before its JSON is made
                _write(found)
            else:
                _show(each, found)


def _write(found: Verdict) -> None:
    """Write JSON: indented on a terminal, otherwise one object a line."""
    line = msgspec.json.encode(found)
    if sys.stdout.isatty():
        line = msgspec.json.format(line, indent=2)
    out = sys.stdout.buffer
    out.write(line)  # apart from the line's end: joining them would copy it
    out.write(b"\n")


def _write_page(found: list[Trace], source: str, name: str) -> None:
    """Write the page of the only trace."""
    from overlap.pocket.pages.files.trace_file import html

    if len(found) > 1:
        raise OverlapError(
            f"{where(source)} has {len(found)} traces, and a page shows one: choose it with "
            f"--trace ID, of {ids(found)}"
        )
    write_output(name, html(found[0]))


def _show(trace: Trace, found: Verdict) -> None:
    from rich.console import Console

    from overlap.draw import picture
    from overlap.judge.report import report

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name may have what the terminal lacks
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(picture(trace, found))
    console.print()
    console.print(report(found))
