"""`overlap survey` of the running pocket, after lessons: the same that their verdicts say."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from app.scenarios import SCENARIOS

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
LESSONS = ("smoke_some_meats", "smoke_some_meats_sync", "burn_some_meats", "burn_some_meats_await")


@pytest.fixture(scope="module")
def surveyed(demo):
    """The report of what these lessons sent."""
    began = datetime.now(UTC).isoformat()
    for name in LESSONS:
        assert demo.play(BY_NAME[name]).problems == []
    run = [sys.executable, "-m", "overlap", "survey", demo.traces_url, "--json", "--from", began]
    done = subprocess.run(run, capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", LESSONS)
def test_the_route_of_a_lesson_has_the_lessons_shapes(surveyed, name):
    """As its verdict has."""
    path = BY_NAME[name].requests[0].path
    (route,) = [
        row
        for row in surveyed["routes"]
        if row["route"] == f"GET {path}" and row["service"] == "smokehouse"
    ]
    assert set(BY_NAME[name].expect.shapes) <= set(route["shapes"])
    assert set(route["shapes"].values()) == {1.0}


def test_the_line_that_blocked_is_named_first_by_the_seconds_that_others_waited(surveyed):
    """oversmoke sleeps on the loop, and its neighbours report how long they waited."""
    first = surveyed["culprits"][0]
    assert "app/views/tutorial.py" in first["culprit"]
    assert "oversmoke" in first["culprit"]
    assert first["others_waited_s"] > 0
    advised = surveyed["begin_with"][0]
    assert (advised["change"], advised["at"]) == ("off_loop", first["culprit"])
    assert advised["others_s"] == pytest.approx(first["others_waited_s"])


def test_nothing_was_left_unread(surveyed):
    """Pocket answers each search whole."""
    assert surveyed["unread"] == []
