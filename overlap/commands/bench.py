"""`overlap bench`: what many requests at once cost, and whether a span is lost."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys

import click
from rich.console import Console
from rich.table import Table

from overlap import config as configuration
from overlap.backend import Backend
from overlap.bench import BurstReport, measure


@click.command(name="bench")
@click.option("--path", default="/smoke_some_meats/", show_default=True, help="What to request.")
@click.option(
    "--at-once",
    "sizes",
    type=click.IntRange(1, 10_000),
    multiple=True,
    default=(200, 1000),
    show_default=True,
    help="How many requests at once; may be given several times.",
)
@click.option("--app-url", help="The app (default: as `overlap play`).")
@click.option("--traces-url", help="Jaeger's v3 API (default: as `overlap play`).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(
    path: str, sizes: tuple[int, ...], app_url: str | None, traces_url: str | None, as_json: bool
) -> None:
    """Measure bursts against the running app: time over one request alone, and every span.

    Exit status: 0 if every request succeeded and no span is missing, 1 if not, 2 if the app
    or the backend can't be reached. `make bench` starts both first.
    """
    config = configuration.load()
    url = (app_url or config.app_url).rstrip("/") + "/" + path.lstrip("/")
    report = asyncio.run(_run(url, sizes, traces_url or config.traces_url))
    if as_json:
        click.echo(json.dumps({"machine": _machine(), "burst": report.as_dict()}))
    else:
        _print(report)
    sys.exit(0 if report.ok else 1)


async def _run(url: str, sizes: tuple[int, ...], traces_url: str) -> BurstReport:
    console = Console(stderr=True)
    async with Backend(traces_url) as backend:
        with console.status("bench") as status:
            return await measure(url, sizes, backend, lambda text: status.update(f"bench: {text}"))


def _print(report: BurstReport) -> None:
    table = Table(title=f"{report.url}: one alone takes {report.alone_s:.2f} s")
    for heading in ("at once", "failed", "wall s", "over one alone", "spans", "lost"):
        table.add_column(heading, justify="right")
    for each in report.bursts:
        table.add_row(
            f"{each.requests:,}",
            str(each.failed),
            f"{each.wall_s:.2f}",
            f"{each.ratio:.2f}",
            f"{each.spans_received:,}",
            str(each.spans_lost),
        )
    console = Console()
    console.print(table)
    console.print(_machine(), style="dim")


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
