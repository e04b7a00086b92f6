"""`overlap survey` of the lessons from Jaeger, and from the collector's file exporter."""

import json
import subprocess
import sys

import pytest

from overlap.judge.model import SINGLE
from overlap.judge.tree.repair import repair
from tests.stack.lessons import PLAYED

pytestmark = pytest.mark.timeout(600)  # where this room runs alone, it plays every lesson
SHAPED = [name for name, scenario in PLAYED.items() if scenario.expect.shapes - {SINGLE}]
LESSONS = ("smoke_some_meats", "smoke_some_meats_sync", "burn_some_meats", "burn_some_meats_await")
SOURCES = ("jaeger", "pocket", "file exporter")


@pytest.fixture(scope="module", params=SOURCES)
def surveyed(request, played, demo, stack, exported):
    """The report of every lesson."""
    urls = {"jaeger": stack.url("jaeger"), "pocket": demo.pocket_url}
    source = str(urls.get(request.param, exported))
    run = [sys.executable, "-m", "overlap", "survey", "--json", source]
    done = subprocess.run(run, capture_output=True, check=True, timeout=100)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SHAPED)
def test_each_lessons_routes_have_its_shapes(surveyed, played, name):
    """As its verdict has: the routes of its trace, all together."""
    spans = repair(played[name].trace.spans).spans
    rows = {(row["service"], row["route"]): {*row["shapes"]} for row in surveyed["routes"]}
    found = {shape for span in spans for shape in rows.get((span.service, span.name), ())}
    assert PLAYED[name].expect.shapes - {SINGLE} <= found


@pytest.mark.parametrize("name", LESSONS)
def test_the_route_of_a_request_has_its_shapes(surveyed, name):
    """Where a lesson is one request: the row of its own route."""
    path = PLAYED[name].requests[0].path
    (route,) = [
        row
        for row in surveyed["routes"]
        if (row["service"], row["route"]) == ("smokehouse", f"GET {path}")
    ]
    assert PLAYED[name].expect.shapes <= {*route["shapes"]}


def test_the_line_of_oversmoke_is_first(surveyed):
    """By the seconds that others waited; only what computed for longer may be before it.

    Other lessons block for less time. How long `cpu` computes, with as many requests that wait,
    is the machine's: longer on a busy one.
    """
    rows = surveyed["culprits"]
    place, oversmoke = next(
        (place, row) for place, row in enumerate(rows) if "oversmoke" in row["culprit"]
    )
    before = [(row["kind"], row["held_s"] > 0.9 * oversmoke["held_s"]) for row in rows[:place]]
    assert before in ([], [("cpu", True)])
    # The simulation's times are shorter in tests: two seconds, not five.
    assert oversmoke["others_waited_s"] > 2 * oversmoke["held_s"] > 2


def test_all_sources_are_read_whole(surveyed):
    """None is left out."""
    assert surveyed["unread"] == []
