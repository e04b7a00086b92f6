"""How sure the advice to gather is: by the source, and by other traces of the route."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap import names, verdict
from overlap.proof import graded
from overlap.survey import Report, merge, survey
from tests.survey.conftest import span, trace

VIEWS = """\
import asyncio


async def view(request):
    user = await get_user()
    news = await get_news()
    return user, news
"""
CODE = {names.CODE_FILE_PATH: "app/views.py", names.CODE_LINE_NUMBER: 4}


def view(number, *calls, parent="GET /", attributes=CODE):
    """A request with calls (name, start, end) or (name, start, end, status), times in ms."""
    spans = [span(number, 1, parent, 0, 400, kind="server", attributes=attributes)]
    for place, (name, start, end, *status) in enumerate(calls, start=2):
        spans.append(span(number, place, name, start, end, 1, status=(*status, "unset")[0]))
    return trace(spans)


IN_A_ROW = (("get_user", 0, 100), ("get_news", 100, 250))
AT_ONCE = (("get_user", 0, 100), ("get_news", 50, 250))
REVERSED = (("get_news", 0, 100), ("get_user", 150, 250))
FAILED = (("get_user", 0, 100, "error"),)


def grades(*traces, source=None):
    """The evidence of each advice to gather in the first row of the report."""
    report = Report()
    for each in traces:
        report.add(each, source=source)
    rows = report.as_dict()["begin_with"]
    return [(row["evidence"], row["seen"]) for row in rows if row["change"] == "gather"]


def test_one_trace_alone_is_possible():
    """Nothing but its own order is known."""
    assert grades(view(1, *IN_A_ROW)) == [("possible", 0)]


def test_calls_that_ran_at_once_elsewhere_are_seen():
    """The second began before the first had ended, in two other traces."""
    found = grades(view(1, *IN_A_ROW), view(2, *AT_ONCE), view(3, *AT_ONCE))
    assert found == [("seen", 2)]


def test_calls_in_another_order_are_seen():
    """Both orders occur: neither needs the other's result. Each advice is seen by the other."""
    found = grades(view(1, *IN_A_ROW), view(2, *REVERSED, parent="GET /"))
    assert found == [("seen", 1)]


def test_the_same_order_proves_nothing():
    """However often it occurs."""
    assert grades(*(view(number, *IN_A_ROW) for number in range(1, 9))) == [("possible", 0)]


def test_below_another_span_or_route_is_not_the_same():
    """What another parent does says nothing of this one."""
    found = grades(view(1, *IN_A_ROW), view(2, *AT_ONCE, parent="GET /other/"))
    assert found == [("possible", 0)]
    inner = [
        span(2, 1, "GET /", 0, 400, kind="server"),
        span(2, 2, "inner", 0, 400, 1),
        span(2, 3, "get_news", 0, 100, 2),
        span(2, 4, "get_user", 150, 250, 2),
    ]
    assert ("seen", 1) not in grades(view(1, *IN_A_ROW), trace(inner))


def test_one_counter_example_drops_it():
    """The first failed, and the second was not called: perhaps it needs what the first returns."""
    seen = (view(1, *IN_A_ROW), view(2, *AT_ONCE))
    assert grades(*seen, view(3, *FAILED)) == [("possible", 0)]
    both = (("get_user", 0, 100, "error"), ("get_news", 100, 250))
    assert grades(*seen, view(3, *both)) == [("seen", 1)]
    assert grades(*seen, view(3, *both), view(4, *FAILED), view(5, *both)) == [("possible", 0)]


def test_every_two_calls_in_a_row_must_be_seen():
    """Of three calls, the third was never seen beside the second."""
    three = (*IN_A_ROW, ("get_ads", 250, 400))
    assert grades(view(1, *three), view(2, *AT_ONCE)) == [("possible", 0)]
    ads = (("get_news", 0, 100), ("get_ads", 50, 150))
    assert grades(view(1, *three), view(2, *AT_ONCE), view(3, *ads)) == [("seen", 1)]


def test_calls_that_are_made_twice_can_not_be_told_apart():
    """Their names don't say which is which."""
    twice = (("get_user", 0, 100), ("get_news", 50, 250), ("get_user", 250, 300))
    assert grades(view(1, *IN_A_ROW), view(2, *twice)) == [("possible", 0)]


def test_the_order_of_calls_makes_no_row_of_its_own():
    """The root of a scenario is load: it has no row, so its clients' order is not summed."""
    root = span(1, 1, "scenario menu", 0, 400, attributes={names.SCENARIO_NAME: "menu"})
    clients = [span(1, n, f"GET {n}", 0, 100 // n, 1, kind="client") for n in (2, 3)]
    served = span(1, 4, "GET /", 5, 45, 2, kind="server")
    (row,) = survey([trace([root, *clients, served])]).as_dict()["routes"]
    assert row["route"] == "GET /"


@pytest.fixture
def project(tmp_path):
    """A folder with the source of the view."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "views.py").write_text(VIEWS)
    return tmp_path


def test_the_source_proves_it_and_shows_the_change(project):
    """The row has the diff, as `overlap advice --source` prints it."""
    report = Report()
    for number in (1, 2):
        report.add(view(number, *IN_A_ROW), source=project)
    (row,) = report.as_dict()["begin_with"]
    (one,) = graded(verdict(view(1, *IN_A_ROW)).advice, view(1, *IN_A_ROW), source=project)
    assert (row["evidence"], row["traces"], row["diff"]) == ("proven", 2, one.diff)
    assert "+    user, news = await asyncio.gather(get_user(), get_news())" in row["diff"]


def test_what_the_source_refutes_is_not_advised(project):
    """Both calls are in one transaction."""
    views = project / "app" / "views.py"
    inside = VIEWS.replace("    user", "    async with atomic():\n        user", 1)
    views.write_text(inside.replace("    news", "        news", 1))
    assert grades(view(1, *IN_A_ROW), source=project) == []


def test_a_change_is_proven_only_if_it_is_in_every_trace(project):
    """The weakest grade holds; without a proof there is no diff."""
    report = Report()
    report.add(view(1, *IN_A_ROW), source=project)
    other = survey([view(2, *IN_A_ROW)])
    for both in (merge([report, other]), merge([other, report])):
        (row,) = both.as_dict()["begin_with"]
        assert (row["evidence"], row["diff"]) == ("possible", "")


orders = st.sampled_from([IN_A_ROW, AT_ONCE, REVERSED, FAILED, (*IN_A_ROW, ("get_ads", 250, 400))])


@given(st.data(), st.lists(orders, max_size=8))
@settings(deadline=None)
def test_grades_do_not_depend_on_how_the_traces_are_divided(data, drawn):
    """Sums of orders and calls at once, and the calls that all failures have in common."""
    traces = [view(number, *calls) for number, calls in enumerate(drawn, start=1)]
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(traces), max_size=len(traces)))
    divided = [
        survey([each for each, at in zip(traces, places, strict=True) if at == number])
        for number in range(3)
    ]
    whole = survey(traces).as_dict()
    assert merge(data.draw(st.permutations(divided))).as_dict() == whole
    again = merge(Report.from_json(each.to_json()) for each in divided)
    assert again.as_dict() == whole


@given(st.lists(orders, min_size=1, max_size=6))
@settings(deadline=None)
def test_they_are_the_grades_of_the_traces_together(drawn):
    """As `overlap advice` grades the advice on each trace by the others."""
    traces = [view(number, *calls) for number, calls in enumerate(drawn, start=1)]
    alone = [item for each in traces for item in graded(verdict(each).advice, each, traces)]
    expected = {item.evidence for item in alone if item.change == "gather"}
    found = {grade for grade, _ in grades(*traces)}
    if expected == {"seen"}:
        assert found == {"seen"}
    if expected == {"possible"}:
        assert found == {"possible"}
