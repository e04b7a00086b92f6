"""Endless names do not make a survey grow, and what is summed up does not depend on the order."""

from itertools import permutations

import pytest

from overlap.survey import merge, survey
from overlap.survey.totals import bounds, merging
from tests.survey.conftest import request, trace


@pytest.fixture
def few(monkeypatch):
    """Two names of each kind are kept."""
    for name in ("MOST_ROUTES", "MOST_CULPRITS", "MOST_NAMES"):
        monkeypatch.setattr(merging, name, 2)


def orders(*route_names):
    traces = [trace(request(number + 1, name=name)) for number, name in enumerate(route_names)]
    return [merge(survey([one]) for one in order) for order in permutations(traces)]


def test_names_with_the_fewest_digits_stay_and_the_rest_is_summed_up(few):
    """Ordinary routes keep their rows beside those that hold an id."""
    reports = orders("GET /order/8841", "GET /", "GET /order/12", "GET /smoke/", "GET /order/77")
    for report in reports:
        assert report == reports[0]
        assert report.as_dict() == reports[0].as_dict()
    rows = {row["route"]: row["requests"] for row in reports[0].as_dict()["routes"]}
    assert rows == {"GET /": 1, "GET /smoke/": 1, bounds.OTHERS: 3}


def test_the_paths_of_routes_that_were_summed_up_are_bounded_too(few):
    """Three routes with two rows each are one row of others, with few rows itself."""
    (others,) = [
        row
        for row in orders("a", "b", "c1", "c2", "c3")[0].as_dict()["routes"]
        if not row["service"]
    ]
    assert len(others["self_time"]) <= 3
    assert sum(row["share"] for row in others["self_time"]) == pytest.approx(1)


def test_warnings_of_one_kind_are_one_row(make):
    """Of how many spans each is does not matter."""
    orphans = [
        [make.span(number, 1 + place, "lonely", 0, 9, 99) for place in range(number)]
        for number in (1, 2, 3)
    ]
    found = survey(map(trace, orphans)).as_dict()["warnings"]
    assert found == {
        "n spans have no parent in this trace: each is treated as a root": 3,
    }
