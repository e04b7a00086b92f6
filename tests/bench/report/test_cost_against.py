"""The page "cost against an older commit": its rows."""

from pathlib import Path

from overlap.bench import VARIANTS
from overlap.bench.pair import Pair, Side
from overlap.bench.report.cost_against import page
from overlap.bench.server.checkout import Checkout

HERE = Checkout(Path("/here"), "python", "abc1234")
THERE = Checkout(Path("/there"), "python", "df25cb5")


def pair(path, other, *, busy_s=0.0):
    overlap = VARIANTS["overlap"]
    first = Side(overlap, [990.0, 980.0], busy_s, 1000)
    second = Side(overlap, [1000.0, 1000.0], busy_s / 1.02, 1000, other)
    return Pair(first, second, path, 1, "two cores")


def test_each_row_has_the_ratio_of_both_figures_and_the_interval():
    """The commits are named once, above."""
    text = page(HERE, THERE, [("`/`", pair("/", THERE, busy_s=0.204))])
    assert "commit `abc1234`, over Overlap at commit `df25cb5`" in text
    assert "2 turns of 1 s" in text
    assert "| `/` | 0.985 | 0.980 and 0.990 | 204 µs, 200 µs | 1.020 |\n" in text
    assert text.endswith("\nMeasured on: two cores.\n")


def test_without_processor_time_the_cells_are_empty():
    """Not every system reports it."""
    assert "| 0.980 and 0.990 | - | - |\n" in page(HERE, THERE, [("`/`", pair("/", THERE))])
