"""`overlap survey`: sum up many traces by service and route."""

from __future__ import annotations

import json
import re
import sys

import click
from rich.console import Console

from overlap import config
from overlap.commands.reading import no_garbage_collection
from overlap.survey import merge, survey
from overlap.survey.sources.reading import BackendQuery, Found, read_sources

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(_context: click.Context, _option: click.Parameter, value: str) -> float:
    """Return the seconds of a length of time such as `90s`, `15m`, `1h` or `2d`."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if not found or not int(found[1]):
        raise click.BadParameter(f"{value!r} is not a time such as 90s, 15m, 1h or 2d")
    return float(int(found[1]) * _UNITS_S[found[2]])


@click.command("survey")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option("--limit", type=click.IntRange(1), help="The most traces to read.")
@click.option("--service", help="From a URL: only traces with spans of this service.")
@click.option(
    "--since", callback=_seconds, default="1h", show_default=True, help="From a URL: how far back."
)
def command(
    sources: tuple[str, ...], as_json: bool, limit: int | None, service: str | None, since: float
) -> None:
    """Sum the verdicts on many traces, by service and route.

    SOURCE is a file, a folder, a pattern such as 'traces/**/*.json', - for standard input, or
    the URL of a backend with Jaeger's v3 API; the default is OVERLAP_TRACES_URL. Files may have
    any format that `overlap verdict` reads, and the spans of one trace may be spread over them.
    The output of `overlap survey --json` is a SOURCE, too.

    The report has, for each route, requests, errors and durations, the shapes of its traces, the
    time of its critical path, what to change and what that would save; the lines that blocked
    the event loop, and how long others waited for it; and how background work ended.
    Exit status: 0, or 2 if nothing can be read. Ctrl-C reports what was read until then; exit
    status 130.
    """
    console = Console(stderr=True, highlight=False)
    query = BackendQuery(since, service, limit)
    with no_garbage_collection(), console.status("survey") as status:
        found = read_sources(
            sources or (config.load().traces_url,),
            query,
            lambda text: status.update(f"survey: {text}"),
        )
        total = merge([*found.reports, survey(found.traces(limit))])
    _print_notes(found, console)
    document = total.as_dict()
    if as_json:
        click.echo(json.dumps(document))
    else:
        _print(document)
    sys.exit(130 if found.is_stopped else 0)


def _print(document: dict[str, object]) -> None:
    from overlap.survey.tables import report

    out = Console(highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out = Console(highlight=False, markup=False, emoji=False, width=150)
    out.print(report(document))


def _print_notes(found: Found, console: Console) -> None:
    for text in found.unread:
        console.print(f"not read: {text}", markup=False, soft_wrap=True)
    if found.is_stopped:
        console.print("stopped: the report covers what was read until then", markup=False)
