"""`overlap bench`: measure the cost of telemetry, ours and others', and bursts of requests."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from pathlib import Path

import click
from rich.console import Console

from overlap import config as configuration
from overlap.backend import Backend
from overlap.bench import (
    BurstReport,
    Comparison,
    Loads,
    Plan,
    alternate,
    burst_table,
    checkout,
    choose,
    compare,
    load_by,
    measure,
    only_one,
    pair_table,
)
from overlap.bench.report.console import print_comparison, print_note, print_table, progress
from overlap.commands.bench import survey, verdict


@click.group(name="bench", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option("--only", metavar="A,B", help="Only these variants.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option(
    "--seconds",
    type=click.IntRange(1, 600),
    default=3,
    show_default=True,
    help="How long each load at full rate lasts.",
)
@click.option(
    "--in-flight",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    help="How many one-second async views run at once.",
)
@click.option(
    "--disconnects",
    type=click.IntRange(1, 10_000),
    default=300,
    show_default=True,
    help="How many clients disconnect before the response.",
)
@click.option("--pocket", is_flag=True, help="Send OTLP to the pocket backend's receiver.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917  one parameter an option
    context: click.Context,
    as_json: bool,
    only: str | None,
    rounds: int,
    seconds: int,
    in_flight: int,
    disconnects: int,
    pocket: bool,
) -> None:
    """Serve the same views with and without telemetry, ours and others', and compare.

    Each variant is a uvicorn on loopback; in each round, they are measured in turn. `make
    install-bench` installs the other products. Exit status: 0 if every variant was measured or
    is not installed, 1 if one failed. Ctrl-C prints what was measured until then; exit status 130.
    """
    if context.invoked_subcommand is not None:
        return
    loads = Loads(seconds, in_flight, disconnects, load_by())
    plan = Plan(choose(only), rounds, loads, pocket)
    comparison = _compare(plan)
    if comparison.rounds or not comparison.stopped:
        if as_json:
            click.echo(json.dumps(comparison.as_dict()))
        else:
            print_comparison(comparison)
    if comparison.stopped:
        sys.exit(130)
    installed = [each.name for each in plan.variants if not each.missing]
    well = installed and not any(name in comparison.failures for name in installed)
    sys.exit(0 if well else 1)


@command.command("burst")
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
def burst_command(
    path: str, sizes: tuple[int, ...], app_url: str | None, traces_url: str | None, as_json: bool
) -> None:
    """Send bursts of requests to the running app; compare with one request, and count the spans.

    Exit status: 0 if every request succeeded and no span is missing, 1 if not, 2 if the app
    or the backend can't be reached. `make bench` starts both first.
    """
    config = configuration.load()
    url = (app_url or config.app_url).rstrip("/") + "/" + path.lstrip("/")
    report = asyncio.run(_burst(url, sizes, traces_url or config.traces_url))
    if as_json:
        click.echo(json.dumps({"machine": _machine(), "burst": report.as_dict()}))
    else:
        print_table(burst_table(report), _machine())
    sys.exit(0 if report.ok else 1)


@command.command("pair")
@click.argument("first")
@click.argument("second")
@click.option("--path", default="/", show_default=True, help="/, /sync/, /orm/ or /orm/kept/.")
@click.option("--turns", type=click.IntRange(1, 1000), default=40, show_default=True)
@click.option(
    "--seconds",
    type=click.IntRange(1, 60),
    default=1,
    show_default=True,
    help="How long each load lasts; a turn has two of them.",
)
@click.option(
    "--starts",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How often both servers are started, each time for a part of the turns.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another checkout of Overlap, from which SECOND is served.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def pair_command(  # noqa: PLR0913, PLR0917  one parameter an option
    first: str,
    second: str,
    path: str,
    turns: int,
    seconds: int,
    starts: int,
    against: Path | None,
    as_json: bool,
) -> None:
    """Measure variant FIRST over SECOND to one per cent: both run, and are loaded in turn.

    Prints the median of the turns' ratios and its 95 % confidence interval. Two processes of the
    same code may differ by some per cent for as long as they live; with --starts 12, twelve of
    each are measured, and the interval is that of their ratios. To see the noise of this machine,
    compare a variant with itself; to see what a change costs, with the same of an
    older checkout (`git worktree add DIR COMMIT`, `--against DIR`): its own .venv serves it, or
    this Python if it has none. Exit status: 0, or 2 if one can't be measured. Ctrl-C prints what
    was measured until then; exit status 130.
    """
    variants = only_one(first), only_one(second)
    other = None if against is None else checkout(against)
    with progress() as say:
        found = alternate(
            variants,
            "/" + path.lstrip("/"),
            turns=turns,
            seconds=seconds,
            say=say,
            against=other,
            starts=min(starts, turns),
        )
    if as_json:
        click.echo(json.dumps(found.as_dict()))
    else:
        print_table(pair_table(found), found.machine)
    sys.exit(130 if found.stopped else 0)


command.add_command(verdict.command)
command.add_command(survey.command)


def _compare(plan: Plan) -> Comparison:
    with progress() as say:
        return compare(plan, say, lambda text: print_note(text, "yellow"))


async def _burst(url: str, sizes: tuple[int, ...], traces_url: str) -> BurstReport:
    console = Console(stderr=True)
    async with Backend(traces_url) as backend:
        with console.status("bench") as status:
            return await measure(url, sizes, backend, lambda text: status.update(f"bench: {text}"))


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
