"""`overlap verdict`: judge any trace, of any service."""

from __future__ import annotations

import asyncio
import io
import json
import string
import sys
from pathlib import Path

import click
from rich.console import Console

from overlap import config
from overlap.errors import OverlapError
from overlap.judge import Verdict, verdict
from overlap.trace import Trace, read

_STDIN = "-"
_ID_LENGTHS = (16, 32)


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
    for each in _traces(trace, traces_url):
        found = verdict(each)
        if as_json:
            # A person gets it indented, a program an object a line.
            click.echo(json.dumps(found.as_dict(), indent=2 if sys.stdout.isatty() else None))
        else:
            _show(each, found)


def _traces(what: str, traces_url: str | None) -> list[Trace]:
    if what == _STDIN:
        return read(sys.stdin.buffer.read(), source="standard input")
    if _exists(path := Path(what)):
        try:
            return read(path.read_bytes(), source=what)
        except OSError as error:
            raise OverlapError(f"{what} can't be read: {error.strerror or error}") from None
    if len(what) in _ID_LENGTHS and all(char in string.hexdigits for char in what):
        return [asyncio.run(_fetch(what, traces_url or config.load().traces_url))]
    raise OverlapError(
        f"{what!a} is neither a file nor a trace id (16 or 32 hex digits), nor - for stdin"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long or with a null byte is no file's name
        return False


async def _fetch(trace_id: str, traces_url: str) -> Trace:
    from overlap.backend import Backend  # httpx only where a backend is asked

    async with Backend(traces_url) as backend:
        return await backend.trace(trace_id)


def _show(trace: Trace, found: Verdict) -> None:
    from overlap.draw import picture
    from overlap.judge.report import report

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name the terminal can't write is no failure
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(picture(trace, found))
    console.print()
    console.print(report(found))
