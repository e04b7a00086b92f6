"""`overlap survey`: sum up many traces by service and route."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from overlap.commands.reading import no_garbage_collection, progress
from overlap.commands.survey.findings import check_findings
from overlap.commands.survey.times import length_ns, time_ns
from overlap.commands.writing import write_output
from overlap.errors import OverlapError
from overlap.survey import Report
from overlap.survey.sources.query import Query
from overlap.survey.sources.surveying import Found, survey_sources

if TYPE_CHECKING:
    from rich.console import RenderableType

    from overlap.survey.against import Gate

_FILES = ("html", "flame", "sarif")


@click.command("survey")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option("--html", metavar="FILE", help="Also write a page that needs nothing else.")
@click.option("--flame", metavar="FILE", help="Also write the critical paths as collapsed stacks.")
@click.option("--service", help="Only routes of this service.")
@click.option("--route", help="Only routes with this name, or pattern such as 'GET /order/*'.")
@click.option("--since", callback=length_ns, help="How far back.  [default for a URL: 1h]")
@click.option(
    "--from", "start_ns", callback=time_ns, help="Only traces that began at this time or later."
)
@click.option("--to", "end_ns", callback=time_ns, help="Only traces that began before this time.")
@click.option("--against", metavar="SOURCE", help="Compare with these traces: before and after.")
@click.option(
    "--fail-on",
    metavar="LIST",
    help="With --against, exit status 1 for any of slower:10%,blocking,lost,serial.",
)
@click.option("--sarif", metavar="FILE", help="Also write what to change as SARIF, at its lines.")
@click.option(
    "--acknowledged",
    metavar="FILE",
    help="Exit status 1 for a finding that this file does not acknowledge, or not any more.",
)
@click.option("--limit", type=click.IntRange(1), help="The most traces to read.")
@click.option(
    "--source", metavar="DIR", help="The folder of the code: advice to gather is proven from it."
)
@click.option("--spark", metavar="MASTER", help="Let Spark read and judge, such as local[2].")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="How many processes work.  [default: one a core]"
)
def command(  # noqa: PLR0913, PLR0917  one parameter an option
    sources: tuple[str, ...],
    as_json: bool,
    html: str | None,
    flame: str | None,
    service: str | None,
    route: str | None,
    since: int | None,
    start_ns: int | None,
    end_ns: int | None,
    against: str | None,
    fail_on: str | None,
    sarif: str | None,
    acknowledged: str | None,
    limit: int | None,
    source: str | None,
    spark: str | None,
    workers: int | None,
) -> None:
    """Sum the verdicts on many traces, by service and route.

    SOURCE is a file, a folder, a pattern such as 'traces/**/*.json', - for standard input, or
    the URL of a backend with Jaeger's v3 API; the default is OVERLAP_TRACES_URL. Files may have
    any format that `overlap verdict` reads, and the spans of one trace may be spread over them.
    The output of `overlap survey --json` is a SOURCE, too.

    The report has, for each route, requests, errors and durations, the shapes of its traces, the
    time of its critical path, what to change and what that would save; the lines that blocked
    the event loop, and how long others waited for it; and how background work ended.
    FILE of --html, --flame and --sarif may be - for standard output.

    With --against, the report says what became slower or faster from one to the other, and what
    is new, beyond noise. Of the two, the one that began first is before; --since, --from and --to
    are those of the SOURCEs only.

    With --spark, SOURCE is whatever Spark reads: files of OTLP JSON lines, or Parquet with OTLP
    in its column `value`.

    --sarif has lines that block the event loop, lost tasks and advice, for code hosts and editors.
    --acknowledged names a TOML file of findings that are known, each with a reason and the day
    until which that holds; entries that are out of use are reported.

    Exit status: 0; 1 if --fail-on or --acknowledged applies; 2 if nothing can be read.
    Ctrl-C reports what was read until then; exit status 130.
    """
    _check(click.get_current_context().params)
    folder = None if source is None else Path(source)
    wanted = _gates(fail_on) if fail_on else []
    if since is not None:
        start_ns = (time.time_ns() if end_ns is None else end_ns) - since
    if not sources:
        from overlap import config

        sources = (config.load().traces_url,)
    with no_garbage_collection(), progress("survey") as say:
        query = Query(start_ns, end_ns, service, limit, folder)
        if spark:
            found = _by_spark(spark, sources, query, say)
        else:
            found = survey_sources(sources, query, say, workers)
        other = (
            survey_sources([against], Query(limit=limit, source=folder), say, workers)
            if against
            else None
        )
    _print_notes(found)
    if other is not None:
        _print_notes(other)
        one, another = (each.report.only(service, route) for each in (found, other))
        failed = _compare(one, another, wanted, as_json=as_json)
        sys.exit(130 if found.is_stopped or other.is_stopped else failed)
    document = found.report.only(service, route).as_dict()
    document["unread"] = found.unread
    url = next((each for each in sources if each.startswith(("http://", "https://"))), "")
    if html:
        from overlap.survey.html import page

        write_output(html, page(document, traces_url=url))
    if flame:
        from overlap.survey.flame import stacks

        write_output(flame, "".join(f"{line}\n" for line in stacks(document)))
    if as_json:
        click.echo(json.dumps(document))
    elif "-" not in (html, flame, sarif):
        _print(document)
    failed = check_findings(document, sarif, acknowledged)
    sys.exit(130 if found.is_stopped else failed)


def _check(given: dict[str, Any]) -> None:
    """Raise UsageError for options that exclude one another."""
    if given["source"] is not None and not Path(given["source"]).is_dir():
        raise OverlapError(f"--source {given['source']!a} is no folder")
    if given["since"] is not None and given["start_ns"] is not None:
        raise click.UsageError("--since and --from exclude one another")
    if None not in {given["start_ns"], given["end_ns"]} and given["start_ns"] >= given["end_ns"]:
        raise click.UsageError("--from must be before --to")
    if [given["as_json"], *(given[key] == "-" for key in _FILES)].count(True) > 1:
        raise click.UsageError("only one of --json, --html -, --flame -, --sarif - can be printed")
    against = given["against"]
    if given["fail_on"] and not against:
        raise click.UsageError("--fail-on needs --against")
    if against and (given["acknowledged"] or any(given[key] for key in _FILES)):
        raise click.UsageError(
            "--html, --flame, --sarif and --acknowledged are of one survey: without --against"
        )
    if given["spark"] and (against or given["limit"] or not given["sources"]):
        raise click.UsageError("--spark takes files, without --against and --limit")


def _by_spark(
    master: str, sources: tuple[str, ...], query: Query, say: Callable[[str], None]
) -> Found:
    from overlap.survey.shuffle.judging import Selection
    from overlap.survey.spark_session import run

    report, unread = run(
        master, sources, Selection(query.start_ns, query.end_ns, source=query.source), say
    )
    lines = "1 line is" if unread == 1 else f"{unread:,} lines are"
    return Found(report, [f"{lines} no OTLP, or not whole"] if unread else [])


def _gates(fail_on: str) -> list[Gate]:
    from overlap.survey.against import gates

    return gates(fail_on)


def _compare(one: Report, other: Report, wanted: list[Gate], *, as_json: bool) -> int:
    """Print what changed; return the exit status."""
    from overlap.survey.against import compare, failures

    document = compare(one, other)
    failed = failures(document, wanted)
    if as_json:
        click.echo(json.dumps({**document, "failed": failed}))
    else:
        from overlap.survey.against.tables import report

        _show(report(document))
    for sentence in failed:
        click.echo(sentence, err=True)
    return 1 if failed else 0


def _print(document: dict[str, Any]) -> None:
    from overlap.survey.tables import report

    _show(report(document))


def _show(what: RenderableType) -> None:
    from rich.console import Console

    out = Console(highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out = Console(highlight=False, markup=False, emoji=False, width=150)
    out.print(what)


def _print_notes(found: Found) -> None:
    for text in found.unread:
        click.echo(f"not read: {text}", err=True)
    if found.is_stopped:
        click.echo("stopped: the report covers what was read until then", err=True)
