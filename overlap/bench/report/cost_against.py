"""The page "cost against an older commit": what a request costs here, over another checkout.

`make cost-against DIR=…` writes it to docs/explanation/.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from overlap.bench.pair import Pair, alternate
from overlap.bench.report.console import progress
from overlap.bench.server.checkout import Checkout, checkout
from overlap.bench.server.variants import VARIANTS
from overlap.errors import OverlapError

TURNS = 40
SECONDS = 1
PATHS = {"/": "an async view", "/sync/": "a sync view", "/orm/": "an async view with one query"}
HEAD = """# Cost against an older commit

What a request costs with Overlap at commit `{here}`, over Overlap at commit `{there}`:
`overlap bench pair overlap overlap --against DIR`, {turns} turns of {seconds} s for each side.
The last row compares `{here}` with itself: what this machine could tell apart at that hour.

*Written by `make cost-against DIR=…`, where DIR is a checkout of the older commit.*

| view | req/s, ratio | 95 % between | processor time for a request | ratio |
|---|---|---|---|---|
"""


def measure(here: Checkout, there: Checkout, turns: int) -> list[tuple[str, Pair]]:
    """Return what each row says and its measurement. Raise OverlapError if one fails."""
    overlap = VARIANTS["overlap"]
    sides = [(f"`{path}`, {what}", path, there) for path, what in PATHS.items()]
    sides.append(("`/`, with itself", "/", here))
    with progress() as say:
        return [
            (
                title,
                alternate(
                    (overlap, overlap),
                    path,
                    turns=turns,
                    seconds=SECONDS,
                    say=lambda text, path=path: say(f"{path}, {text}"),  # type: ignore[misc]
                    against=other,
                ),
            )
            for title, path, other in sides
        ]


def page(here: Checkout, there: Checkout, rows: Sequence[tuple[str, Pair]]) -> str:
    """Return the page."""
    pair = rows[0][1]
    head = HEAD.format(
        here=here.name, there=there.name, turns=len(pair.ratios), seconds=pair.seconds
    )
    table = "\n".join(f"| {title} | {_cells(pair)} |" for title, pair in rows)
    return f"{head}{table}\n\nMeasured on: {pair.machine}.\n"


def _cells(pair: Pair) -> str:
    figures = pair.as_dict()
    low, high = figures["between"]
    cells = [f"{figures['rps_ratio']:.3f}", f"{low:.3f} and {high:.3f}"]
    if figures["cpu_ratio"] is None:
        return " | ".join((*cells, "-", "-"))
    ours, theirs = (f"{side['cpu_us']:,.0f} µs" for side in figures["sides"])
    return " | ".join((*cells, f"{ours}, {theirs}", f"{figures['cpu_ratio']:.3f}"))


def main(folder: str, turns: int = TURNS) -> None:
    """Print the page."""
    here, there = checkout(Path(__file__).parents[3]), checkout(Path(folder))
    print(page(here, there, measure(here, there, turns)), end="")


if __name__ == "__main__":
    try:
        main(sys.argv[1], *map(int, sys.argv[2:3]))
    except OverlapError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
