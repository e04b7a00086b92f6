"""`overlap survey` of the lessons from Jaeger: the same as from pocket."""

import json
import subprocess
import sys

import pytest

from app.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(600)  # where this room runs alone, it plays every lesson
BURNT = "burn_some_meats"
LESSONS = ("smoke_some_meats", "smoke_some_meats_sync", BURNT, "burn_some_meats_await")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def surveyed(played, demo, stack):
    """The report of the hour, from Jaeger."""
    run = [sys.executable, "-m", "overlap", "survey", "--json", stack.url("jaeger")]
    done = subprocess.run(run, capture_output=True, check=True, timeout=100)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", LESSONS)
def test_each_lessons_route_has_its_shapes(surveyed, name):
    """As its verdict has."""
    path = BY_NAME[name].requests[0].path
    (route,) = [
        row
        for row in surveyed["routes"]
        if (row["service"], row["route"]) == ("smokehouse", f"GET {path}")
    ]
    assert set(BY_NAME[name].expect.shapes) <= set(route["shapes"])


def test_the_line_of_oversmoke_is_first_of_those_that_sleep(surveyed):
    """By the seconds that others waited; what computes takes longer on a busy machine."""
    first = next(row for row in surveyed["culprits"] if row["kind"] == "sleep")
    assert "oversmoke" in first["culprit"]
    assert first["others_waited_s"] > 1
