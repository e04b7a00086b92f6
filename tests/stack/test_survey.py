"""`overlap survey` of the lessons from Jaeger, and from the collector's file exporter."""

import json
import subprocess
import sys

import pytest

from app.scenarios import SCENARIOS
from overlap.judge.model import SINGLE
from overlap.judge.path.main_request import main_request
from overlap.judge.tree.repair import repair

pytestmark = pytest.mark.timeout(600)  # where this room runs alone, it plays every lesson
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
SHAPED = [name for name, scenario in BY_NAME.items() if scenario.expect.shapes - {SINGLE}]
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
    """As its verdict has: the route of its main request at least one, all of its routes all."""
    tree = repair(played[name].trace.spans)
    main = main_request(tree)
    rows = {(row["service"], row["route"]): {*row["shapes"]} for row in surveyed["routes"]}
    spans = [span for span in tree.spans if span.kind == "server"] + [tree.spans[main]]
    found = {shape for span in spans for shape in rows[span.service, span.name]}
    expected = BY_NAME[name].expect.shapes - {SINGLE}
    assert expected <= found
    assert expected & rows[tree.spans[main].service, tree.spans[main].name]


def test_the_line_of_oversmoke_is_first_of_those_that_sleep(surveyed):
    """By the seconds that others waited; what computes takes longer on a busy machine."""
    first = next(row for row in surveyed["culprits"] if row["kind"] == "sleep")
    assert "oversmoke" in first["culprit"]
    assert first["others_waited_s"] > 1


def test_all_sources_are_read_whole(surveyed):
    """None is left out."""
    assert surveyed["unread"] == []
