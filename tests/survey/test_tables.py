"""The report of a survey in a terminal."""

import io

import pytest
from rich.console import Console

from overlap.survey import survey
from overlap.survey.tables import report
from overlap.survey.totals.model import CATEGORIES
from tests.survey.conftest import request, trace


def found():
    """What a survey of one trace found."""
    return survey([trace(request(1, name="GET /smoke/some/meats/"))]).as_dict()


def printed(document, width=200):
    """The report as text."""
    console = Console(width=width, file=io.StringIO())
    console.print(report(document))
    return console.file.getvalue()


def times(width, shares):
    """The table of where the time goes, for a terminal of this width."""
    document = found()
    document["routes"][0]["time"] = {**dict.fromkeys(CATEGORIES, 0.0), **shares}
    text = printed(document, width)
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    return text.partition("Where the time goes")[2].partition("Self-time")[0]


@pytest.mark.parametrize("width", [100, 110, 200])
def test_the_route_is_named_beside_all_categories(width):
    """However narrow the terminal is."""
    text = times(width, dict.fromkeys(CATEGORIES, 1 / 7))
    assert "smokehouse" in text
    assert "/smoke/some/meats/" in text
    assert text.count("14%") == len(CATEGORIES)
    assert "uncovered" in text


def test_what_no_route_has_is_no_column():
    """Nothing waited for threads."""
    text = times(80, {"database": 0.25, "own": 0.75})
    assert "database" in text
    assert "threads" not in text


def test_a_shape_of_a_saved_report_is_printable():
    """As every other text of it."""
    document = found()
    document["routes"][0]["shapes"] = {"\u2028\x1b[31mred": 1.0}
    assert "\u2028" not in printed(document)
    assert "\x1b" not in printed(document)
