"""Saved reports whose numbers can't be those of any traces."""

import json
import math
from unittest import mock

import pytest

from overlap import names
from overlap.errors import OverlapError
from overlap.survey import Report, survey
from overlap.survey.against import noise
from tests.fuzz.numbers import IMPOSSIBLE, numbers
from tests.fuzz.targets.reports import check, checked, seeds
from tests.survey.conftest import request, span, trace

SAVED = json.loads(seeds()[0])
PATHS = [path for path, _ in numbers(SAVED) if path[0] == "state"]
"""The rest is derived from the state, and is not read."""


def changed(path, value, document=SAVED):
    """Return a saved report with another value at a path."""
    document = json.loads(json.dumps(document))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def test_the_report_has_every_kind_of_row():
    """A row that the report does not have would not be tested."""
    state = SAVED["state"]
    (route,) = (one for one in state["routes"].values() if one["queries"])
    empty = [key for key, value in (*state.items(), *route.items()) if value in ({}, None)]
    assert not empty


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(repr, path)))
def test_any_number_is_harmless_or_refused(path):
    """A number of a saved report may be anything: reading it raises no other error."""
    for value in IMPOSSIBLE:
        try:
            checked(json.dumps(changed(path, value)).encode())
        except Exception as error:
            error.add_note(f"with {value!a:.40}")
            raise


@pytest.mark.parametrize("value", [0, 1, 2**53, 2**63 - 1])
def test_tables_of_extreme_numbers_are_printed(value):
    """Wherever a report may hold an extreme number, its tables can be printed."""
    accepted = json.loads(json.dumps(SAVED))
    for path in PATHS:
        try:
            Report.from_json(json.dumps(document := changed(path, value, accepted)))
        except OverlapError:
            continue
        accepted = document
    check(json.dumps(accepted).encode())


STATE = ("state", "routes", "smokehouse\x1fGET /smoke/")
QUERY = (*STATE, "queries", "SELECT ?")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ((*QUERY, "requests"), 0, "5 queries of 0 requests, 5 at most, do not agree: 'SELECT ?'"),
        ((*QUERY, "most"), 1, "do not agree"),
        ((*QUERY, "queries"), 1, "do not agree"),
        ((*STATE, "errors"), 9, "9 of 2 requests failed"),
        ((*STATE, "shapes", "blocking"), 9, "9 of 2 requests are 'blocking'"),
        ((*STATE, "durations", "total_ns"), 0, "the durations of the requests have another sum"),
        (("state", "end_ns"), 5, "it ends before it starts"),
        (("state", "end_ns"), None, "it has a start or an end, not both"),
        (("state", "unended"), 9, "9 of 2 traces have no end"),
        ((*STATE, "lost", "season"), 0, "Expected `int` >= 1"),
        ((*STATE, "errors"), -1, "Expected `int` >= 0"),
        ((*STATE, "errors"), math.nan, "Expected `int`"),
        ((*STATE, "errors"), 2**70, "Expected `int` <= 9223372036854775807"),
        (("overlap_survey",), 2, "is no report of a survey in version 1"),
    ],
)
def test_numbers_that_do_not_agree_are_refused(path, value, sentence):
    """The sentence names the file and what is wrong in it."""
    with pytest.raises(OverlapError) as refused:
        Report.from_json(json.dumps(changed(path, value)), source="saved.json")
    assert str(refused.value).startswith("saved.json is ")
    assert sentence in str(refused.value)


def test_what_was_written_is_read():
    """No report of any traces is refused: unended ones, instants, and what is bounded."""
    query = {names.DB_SYSTEM_NAME: "sqlite", names.DB_QUERY: "SELECT 1"}
    more = [span(1, n, "SELECT", n, n, 1, attributes=query) for n in range(4, 9)]
    traces = [trace(request(1, more=more)), trace([span(2, 1, "GET /", 0, 0, kind="server")])]
    traces += [trace(request(n, n / 1e6, name=f"GET /{n}")) for n in range(3, 2100)]
    report = survey(traces)
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    ("counts", "is_more"),
    [
        ((0, 10**7, 7, 10**7), True),
        ((10**6, 10**7, 2 * 10**6, 10**7), True),
        ((10**8, 10**9, 10**8 + 20_000, 10**9), False),
        ((1, 2**62, 2**62, 2**62), True),
        ((0, 1, 2**62, 2**62), False),
        ((1, 1, 2**62, 1), True),
    ],
)
def test_many_events_are_compared_at_once(counts, is_more):
    """Counts of any size are compared without a sum over each of the events."""
    with mock.patch.object(math, "lgamma", wraps=math.lgamma) as terms:
        assert noise.more(*counts) is is_more
    assert terms.call_count < 1000
