"""The page of predictions beside measurements: its trials, its rows, and what misses."""

import pytest

from app import whatif
from app.scenarios import SCENARIOS
from app.whatif_trials import LOADS, TRIALS
from overlap.trace import Span


def row(measured=100.0, predicted=100.0, key="p50_ms", recorded=400.0):
    return whatif.Row(TRIALS[0], "GET /", key, 20, recorded, recorded, predicted, measured)


def test_every_trial_plays_scenarios_that_exist():
    """By the names of today; the routes are of requests that they make."""
    known = {each.name: each for each in SCENARIOS} | LOADS
    for trial in TRIALS:
        for place, name in enumerate((trial.before, trial.after)):
            paths = {f"GET {request.path}" for request in known[name].requests}
            assert {pair[place] for pair in trial.routes} <= paths, trial


@pytest.mark.parametrize(
    ("one", "holds"),
    [
        (row(predicted=114), True),
        (row(predicted=86), True),
        (row(predicted=117), False),
        (row(predicted=124, key="p99_ms"), True),
        (row(predicted=126, key="p99_ms"), False),
        (row(measured=2, predicted=11), True),
        (row(measured=2, predicted=13), False),
        (row(measured=30, predicted=2, recorded=3700), True),
        (row(predicted=None), False),
    ],
)
def test_a_prediction_holds_if_it_is_near_enough(one, holds):
    """15 % at the median, 25 % at p99, 10 ms, or 2 % of what was recorded."""
    assert one.holds is holds


def test_the_table_counts_what_holds_and_explains_what_does_not():
    """A miss without an explanation says so."""
    text = whatif.table([row(), row(predicted=300)])
    assert "| 100 ms | 100 ms | +0% |" in text
    assert "| **+200%** |" in text
    assert "1 of 2 predictions hold." in text
    assert f"`{TRIALS[0].before}`: not explained." in text


def test_recorded_files_are_compared_and_not_played_again(tmp_path, make_line, capsys):
    """With a folder that has all traces, nothing is started; part of the trials leaves the page."""
    before = whatif.PAGE.read_text("utf-8")
    name = f"GET {TRIALS[0].routes[0][0].removeprefix('GET ')}"
    other = TRIALS[0].routes[0][1]
    (tmp_path / "smoke_some_meats_sync.jsonl").write_text(make_line(name, serial=True))
    (tmp_path / "smoke_some_meats.jsonl").write_text(make_line(other, serial=False))
    assert whatif.main([str(tmp_path), "smoke_some_meats_sync"]) == 0
    assert "2 of 2 predictions hold." in capsys.readouterr().out
    assert whatif.PAGE.read_text("utf-8") == before


@pytest.fixture
def make_line():
    """A line of OTLP JSON: a request with two calls, in a row or at once."""
    from tests.whatif.conftest import otlp, server, span

    def make(name: str, *, serial: bool) -> str:
        first, second = (100, 150) if serial else (0, 50)
        spans: list[Span] = [
            server(1, 0, second + 50, name=name),
            span(2, "get_smokables", 0, 100, 1),
            span(3, "get_flavor", first, second, 1),
        ]
        spans[0] = server(1, 0, 150 if serial else 100, name=name)
        return otlp(spans)

    return make
