"""Which figure comes first: the rate of a fast load generator, or the server's processor time."""

import io

import pytest
from rich.console import Console

from overlap.bench import VARIANTS, Comparison, Loads, Plan, lines, pair_table, table
from overlap.bench.figures import Figures
from overlap.bench.pair import Pair, Side


def printed(*renderables):
    text = io.StringIO()
    console = Console(file=text, width=200)
    for each in renderables:
        console.print(each)
    return text.getvalue()


def comparison(by):
    rounds = {
        "none": [Figures(rps=400.0, cpu_us=600.0)],
        "overlap": [Figures(rps=420.0, cpu_us=180.0)],
    }
    return Comparison(Plan([], 1, Loads(by=by)), "a machine", rounds=rounds)


def pair(headline):
    sides = [Side(VARIANTS[name], [400.0], 0.06, 100) for name in ("lean", "none")]
    return Pair(*sides, "/", 1, "a machine", headline=headline)


@pytest.mark.parametrize(
    ("by", "first", "second"),
    [("wrk", "req/s on /", "CPU us"), ("httpx", "CPU us", "req/s on /")],
)
def test_without_wrk_the_processor_time_comes_first_in_the_table(by, first, second):
    """httpx measures mostly itself: 1.05 times the rate, at 0.3 times the processor time."""
    found = comparison(by)
    text = printed(table(found))
    assert text.index(first) < text.index(second)
    ratios = printed(*lines(found))
    cpu = "processor time for a request on / over none: overlap 0.30"
    assert cpu in ratios
    assert ("processor time comes first" in ratios) == (by == "httpx")
    assert (ratios.index(cpu) < ratios.index("req/s on / over none")) == (by == "httpx")
    assert found.as_dict()["headline"] == {"wrk": "rps", "httpx": "cpu_us"}[by]


@pytest.mark.parametrize("headline", ["rps", "cpu_us"])
def test_a_pair_has_the_headline_in_its_first_row(headline):
    """The other figure stays, below it."""
    text = printed(pair_table(pair(headline)))
    assert (text.index("CPU us") < text.index("req/s")) == (headline == "cpu_us")
    assert ("processor time comes first" in text) == (headline == "cpu_us")
