"""`overlap bench survey`: measure what a survey costs, also beside CRISP."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from overlap.bench import survey_cost, survey_crisp


@click.command("survey")
@click.option("--spans", type=click.IntRange(100), default=1_000_000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True)
@click.option(
    "--crisp",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A checkout of CRISP, to be measured beside.",
)
@click.option("--crisp-python", default=sys.executable, help="A Python with what CRISP needs.")
@click.option("--crisp-spans", type=click.IntRange(100), default=100_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913, PLR0917  one parameter an option
    spans: int,
    workers: int,
    crisp: Path | None,
    crisp_python: str,
    crisp_spans: int,
    as_json: bool,
) -> None:
    """Measure surveys of generated spans: time, memory, one worker and several.

    A million spans take 420 MB of disk, and 200 MB more meanwhile. Exit status: 0 if one worker
    takes at most 10 times the json.loads of the same lines, two are at least 1.7 times as fast,
    none holds more than 1 GB, and CRISP, if it is there, is at least 5 times as slow and finds
    the same totals of the critical paths; 1 if not.
    """
    with Console(stderr=True).status("bench") as status:

        def say(text: str) -> None:
            status.update(f"bench: {text}")

        found = survey_cost.cost(spans, workers, say)
        both = survey_crisp.beside(crisp, crisp_python, crisp_spans, say) if crisp else None
    missed = [*survey_cost.missed(found), *(survey_crisp.missed(both) if both else [])]
    if as_json:
        document = {"survey": found.as_dict(), "crisp": both and both.as_dict(), "missed": missed}
        click.echo(json.dumps(document))
    else:
        console = Console(highlight=False)
        console.print(survey_cost.table(found))
        if both:
            console.print(survey_crisp.table(both))
            click.echo(f"critical paths differ by {both.differs_us:g} µs a trace at most")
        for sentence in missed:
            click.echo(sentence)
    sys.exit(1 if missed else 0)
