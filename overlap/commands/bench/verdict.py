"""`overlap bench verdict`: measure the cost of judging, relative to parsing the same file."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console

from overlap.bench import page_cost, verdict_cost


@click.command("verdict")
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--large", is_flag=True, help="Also a trace of 1,000,000 spans (400 MB of JSON).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(rounds: int, large: bool, as_json: bool) -> None:
    """Measure `overlap verdict --json`, relative to parsing the same file with json.loads.

    It measures processor time, and takes the best of the rounds. Exit status: 0 if 100,000 spans
    take at most 8 times their parsing, 1,000,000 at most 1 GB, 10,000 at most 0.25 s in all, and
    the page of a trace of 50,000 at most 2 s; 1 if not.
    """
    cases = (*verdict_cost.CASES, verdict_cost.LARGE) if large else verdict_cost.CASES
    with Console(stderr=True).status("bench") as status:

        def say(text: str) -> None:
            status.update(f"bench: {text}")

        found = verdict_cost.costs(cases, rounds, say)
        page_s = page_cost.page_s(rounds, say)
    missed = [*verdict_cost.missed(found), *page_cost.missed(page_s)]
    if as_json:
        costs = [cost.as_dict() for cost in found]
        page = {"spans": page_cost.SPANS, "page_s": round(page_s, 3)}
        click.echo(json.dumps({"verdict": costs, "page": page, "missed": missed}))
    else:
        Console(highlight=False).print(verdict_cost.table(found))
        click.echo(f"the page of a trace of {page_cost.SPANS:,} spans: {page_s:.2f} s")
        for sentence in missed:
            click.echo(sentence)
    sys.exit(1 if missed else 0)
