"""`overlap whatif`: predict what a change would do, by replaying recorded requests."""

from __future__ import annotations

import io
import json
import sys
import time

import click

from overlap import config
from overlap.commands.reading import no_garbage_collection
from overlap.commands.survey.times import length_ns


@click.command("whatif")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--faster", metavar="SPAN=50%", multiple=True, help="A span takes so much less of its time."
)
@click.option(
    "--without-block",
    metavar="LINE",
    multiple=True,
    help="What ran at this line is awaited, and the loop is free meanwhile.",
)
@click.option("--gather", metavar="A,B", multiple=True, help="Spans in a row run at once.")
@click.option("--workers", type=click.IntRange(1, 256), help="So many workers share the requests.")
@click.option(
    "--pool", metavar="[NAME=]N", multiple=True, help="A pool has so many places in each worker."
)
@click.option(
    "--processes",
    metavar="SPAN=N",
    multiple=True,
    help="What it computed in a thread, N processes of each worker compute.",
)
@click.option("--service", help="Only requests of this service.")
@click.option("--route", help="Show only routes with this name, or pattern such as 'GET /order/*'.")
@click.option("--since", callback=length_ns, help="How far back.  [default for a URL: 1h]")
@click.option("--limit", type=click.IntRange(1), help="The most traces to read.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913, PLR0917  one parameter an option
    sources: tuple[str, ...],
    faster: tuple[str, ...],
    without_block: tuple[str, ...],
    gather: tuple[str, ...],
    workers: int | None,
    pool: tuple[str, ...],
    processes: tuple[str, ...],
    service: str | None,
    route: str | None,
    since: int | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Replay recorded requests with their arrivals, and predict what a change would do.

    SOURCE is a file, a folder, a pattern such as 'traces/**/*.json', - for standard input, or
    the URL of a backend with Jaeger's v3 API; the default is OVERLAP_TRACES_URL.

    Each worker is modelled as one event loop that runs steps first come, first served, with its
    pools; what a request awaits outside takes as long as it did. The replay without a change
    stands beside what was recorded: its error is the least that a prediction can claim, and of a
    route where it is large nothing is predicted. Options may be combined and repeated; they apply
    in the order: faster, without-block, gather, workers, pool, processes. SPAN, A and B are names
    of spans, or patterns.

    Exit status: 0; 1 if no route could be predicted; 2 if nothing can be read, or a change fits
    nothing.
    """
    from rich.console import Console

    from overlap.survey.sources.query import Query
    from overlap.whatif import read_traces, recorded, what_if
    from overlap.whatif.changes import (
        WITHOUT_BLOCK,
        WORKERS,
        Change,
        parse_faster,
        parse_gather,
        parse_pool,
        parse_processes,
    )

    changes = [
        *map(parse_faster, faster),
        *(Change(WITHOUT_BLOCK, line) for line in without_block),
        *map(parse_gather, gather),
        *([Change(WORKERS, "", workers)] if workers else []),
        *map(parse_pool, pool),
        *map(parse_processes, processes),
    ]
    query = Query(None if since is None else time.time_ns() - since, None, service, limit)
    progress = Console(stderr=True, highlight=False)
    with no_garbage_collection(), progress.status("whatif") as status:
        traces, unread = read_traces(
            sources or (config.load().traces_url,),
            query,
            lambda text: status.update(f"whatif: {text}"),
        )
        status.update("whatif: replaying")
        services = [one for one in recorded(traces) if service in (None, one.service)]
        found = what_if(services, changes, route)
    found["unread"] = unread
    for text in unread:
        click.echo(f"not read: {text}", err=True)
    if as_json:
        click.echo(json.dumps(found))
    else:
        from overlap.whatif.tables import report

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a name may have what the terminal lacks
        out = Console(highlight=False, markup=False, emoji=False)
        if not out.is_terminal:
            out = Console(highlight=False, markup=False, emoji=False, width=150)
        out.print(report(found))
    sys.exit(0 if any(row["is_trusted"] for row in found["routes"]) else 1)
