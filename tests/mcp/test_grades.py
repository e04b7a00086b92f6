"""The grade of advice in an agent's answers: by the source, by other traces, or possible."""

from __future__ import annotations

import asyncio

import pytest

from overlap.mcp.backend_traces import with_grades
from overlap.mcp.many_traces import _route, routes
from overlap.mcp.one_trace import advice
from overlap.survey import survey
from tests.proof.test_proof import PROVEN, source, trace
from tests.survey.conftest import otlp
from tests.survey.test_grades import IN_A_ROW, VIEWS, view

__all__ = ["source"]
ID, OTHER = "a" * 32, "b" * 32


class Backend:
    """A backend with these traces."""

    base_url = "http://127.0.0.1:1"

    def __init__(self, *traces):
        self.traces = {each.trace_id: each for each in traces}
        self.searched = []

    async def trace(self, trace_id):
        return self.traces[trace_id]

    async def search(self, service, **query):
        self.searched.append((service, query["operation"]))
        return [*self.traces.values()]


def answer(backend, folder=None):
    """What the tool answers on the one advice of the first trace."""
    (row,) = advice(asyncio.run(with_grades(backend, ID, folder)), 0)["rows"]
    return row


def test_the_source_proves_and_the_answer_holds_the_diff(source):
    """Then no other trace is asked for."""
    backend = Backend(trace(trace_id=ID))
    row = answer(backend, source(PROVEN))
    assert row["evidence"] == "proven"
    assert "+    a, b = await asyncio.gather(one(), two())" in row["diff"]
    assert backend.searched == []


def test_other_traces_of_the_request_show_the_calls_at_once():
    """Those with the same request, of the same service."""
    backend = Backend(trace(trace_id=ID), trace(((0, 100), (0, 100)), trace_id=OTHER))
    row = answer(backend)
    assert row["evidence"] == "seen"
    assert "in another trace the second did not wait" in row["text"]
    assert backend.searched == [(backend.traces[ID].spans[0].service, "GET /")]


def test_otherwise_it_is_possible():
    """The agent has to look at the code itself; there is no diff."""
    row = answer(Backend(trace(trace_id=ID)))
    assert row["evidence"] == "possible"
    assert "diff" not in row


def test_the_advice_of_a_route_has_its_grade_too():
    """As the survey's row has it; of other changes there is none."""
    document = survey([trace(trace_id=ID), trace(trace_id=OTHER)]).as_dict()
    (route,) = [each for each in document["routes"] if each["route"] == "GET /"]
    (row,) = route["advice"]
    assert (row["change"], row["evidence"], row["traces"]) == ("gather", "possible", 2)
    assert _route(route)["advice"][0]["evidence"] == "possible"
    assert "evidence" not in _route({**route, "advice": [{**row, "evidence": ""}]})["advice"][0]


def test_the_routes_are_graded_by_the_source(tmp_path):
    """The tool `routes`: as `overlap survey --source`, with the diff."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "views.py").write_text(VIEWS)
    path = tmp_path / "traces.jsonl"
    path.write_text("".join(otlp(view(n, *IN_A_ROW).spans) + "\n" for n in (1, 2)))
    found = asyncio.run(routes(str(path), 10**7, "", "", 0, tmp_path))
    for row in (found["begin_with"][0], found["rows"][0]["advice"][0]):
        assert (row["evidence"], row["traces"]) == ("proven", 2)
        assert "await asyncio.gather(get_user(), get_news())" in row["diff"]


@pytest.mark.parametrize("evidence", ["possible", "proven"])
def test_a_survey_in_the_terminal_says_the_grade(evidence):
    """Beside the change."""
    from overlap.survey.tables import _graded

    assert _graded({"change": "gather", "evidence": evidence}) == f"gather ({evidence})"
    assert _graded({"change": "off_loop", "evidence": ""}) == "off_loop"
