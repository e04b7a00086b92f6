"""`overlap play`: play scenarios, and draw and judge their traces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from overlap.backend import Backend
from overlap.config import Config, load, load_scenarios
from overlap.errors import NoServer, Unreachable
from overlap.play import Player, Result
from overlap.play.prediction import predictions
from overlap.play.progress import Display
from overlap.play.repeat import Tally, rounds, stop_on_signal
from overlap.play.report import Report, scenarios_as_dict
from overlap.play.selection import select
from overlap.scenario import Scenario

__all__ = ["command", "select"]


@click.command("play")
@click.argument("names", metavar="[SCENARIO]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--list", "only_list", is_flag=True, help="List the scenarios; play none.")
@click.option(
    "--every",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Play one scenario every so many seconds until Ctrl-C or SIGTERM.",
)
@click.option(
    "--pulse",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --every: touch this file after each scenario, for a health check.",
)
@click.option("--app-url", metavar="URL", help="Where the app is.")
@click.option("--otlp-endpoint", metavar="URL", help="Where telemetry is sent.")
@click.option("--traces-url", metavar="URL", help="Where traces are read from.")
def command(  # noqa: PLR0913, PLR0917  one parameter an option
    names: tuple[str, ...],
    as_json: bool,
    only_list: bool,
    every: float | None,
    pulse: Path | None,
    app_url: str | None,
    otlp_endpoint: str | None,
    traces_url: str | None,
) -> int:
    """Play the scenarios named, or all of them, one after another.

    Exit status: 0 if every scenario showed what it expects, 1 if not, 2 if the app or the trace
    backend can't be reached. A scenario is skipped if its server is not running.
    With --every, an app or a backend that stops answering is reported, and play continues.
    """
    if as_json and every is not None:
        raise click.UsageError(
            "--json prints one object for one run: it can't be combined with --every"
        )
    over: dict[str, Any] = {
        "app_url": app_url,
        "otlp_endpoint": otlp_endpoint,
        "traces_url": traces_url,
    }
    config = replace(load(), **{key: url.rstrip("/") for key, url in over.items() if url})
    scenarios = select(load_scenarios(config), names)
    report = Report(Console(highlight=False))
    if only_list and as_json:
        _print_json(scenarios_as_dict(scenarios))
    elif only_list:
        report.scenarios(scenarios)
    if only_list:
        return 0
    if every is not None:
        tally = asyncio.run(_play_on(config, scenarios, report, every, pulse))
        click.echo(str(tally))
        return 0 if tally.good == tally.played else 1
    results, skipped = asyncio.run(_play(config, scenarios, None if as_json else report))
    ok = all(result.ok for result in results)
    if as_json:
        played = [result.as_dict() for result in results]
        compared = [each.as_dict() for each in predictions(results)]
        _print_json({"ok": ok, "scenarios": played, "skipped": skipped, "predictions": compared})
    else:
        report.summary(results, skipped)
    return 0 if ok else 1


async def _play(
    config: Config, scenarios: Sequence[Scenario], report: Report | None
) -> tuple[list[Result], dict[str, str]]:
    results: list[Result] = []
    skipped: dict[str, str] = {}
    async with _player(config, len(scenarios)) as player:
        for number, scenario in enumerate(scenarios, 1):
            with Display(Console(stderr=True), len(scenarios), number, scenario.name) as display:
                try:
                    result = await player.play(scenario, display.update)
                except NoServer as error:
                    skipped[scenario.name] = str(error)
                    continue
            if report:
                report.scenario(result)
            results.append(result)
    return results, skipped


async def _play_on(
    config: Config,
    scenarios: Sequence[Scenario],
    report: Report,
    every_s: float,
    pulse: Path | None,
) -> Tally:
    tally = Tally()
    with stop_on_signal():
        async with _player(config, len(scenarios)) as player:
            async for number, scenario in rounds(scenarios, every_s):
                with Display(
                    Console(stderr=True), len(scenarios), number, scenario.name
                ) as display:
                    try:
                        result = await player.play(scenario, display.update)
                    except (NoServer, Unreachable) as error:
                        # It may be restarted, so the next scenario is tried.
                        click.echo(f"skipped {scenario.name}: {error}", err=True)
                        continue
                    finally:
                        _touch(pulse)
                report.scenario(result)
                tally.count(result.ok)
    return tally


def _touch(pulse: Path | None) -> None:
    if pulse:
        pulse.touch()


@asynccontextmanager
async def _player(config: Config, count: int) -> AsyncIterator[Player]:
    """Yield a player once the app, the OTLP endpoint and the backend answer."""
    async with (
        Backend(config.traces_url, public_url=config.traces_public_url) as backend,
        Player(
            config.app_url,
            config.otlp_endpoint,
            backend,
            start_hint=config.start_hint,
            page_url=config.page_url,
            servers=config.servers,
            source=config.source or Path.cwd(),
        ) as player,
    ):
        with Display(Console(stderr=True), count) as display:
            display.say("looking for the app and the trace backend")
            await player.check()
        yield player


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
