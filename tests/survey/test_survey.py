"""What a survey sums, on traces of a small service."""

import json
from pathlib import Path

import pytest

from overlap import names, verdict
from overlap.errors import OverlapError
from overlap.survey import Report, merge, survey


def only(rows):
    (row,) = rows
    return row


def test_requests_errors_and_durations_are_summed_by_service_and_route(make):
    """Each server span counts for its own service and name."""
    traces = [make.trace(make.request(number, 100)) for number in range(9)]
    traces.append(make.trace(make.request(9, 1000, attributes={"http.response.status_code": 503})))
    traces.append(make.trace(make.request(10, 50, service="till")))
    smoke, till = survey(traces).as_dict()["routes"]
    assert (smoke["service"], smoke["route"], smoke["requests"]) == (
        "smokehouse",
        "GET /smoke/",
        10,
    )
    assert (smoke["errors"], till["errors"], till["requests"]) == (1, 0, 1)
    assert smoke["p50_ms"] == pytest.approx(100, rel=0.01)
    assert smoke["p99_ms"] == pytest.approx(1000, rel=0.01)
    assert smoke["example_p99"] == f"{9:032x}"


def test_shapes_have_their_share_of_the_routes_requests(make):
    """Three serial traces and one without children, which is single."""
    traces = [make.trace(make.request(number)) for number in range(3)]
    traces.append(make.trace(make.request(3)[:1]))
    route = only(survey(traces).as_dict()["routes"])
    assert route["shapes"] == {"serial": 0.75, "single": 0.25}


def test_each_request_of_a_trace_has_its_own_shape(make):
    """A gateway that asks one service, which asks two things one after the other."""
    inner = [
        make.span(1, 11, "GET /till/", 10, 90, 2, kind="server", service="till"),
        make.span(1, 12, "count", 10, 50, 11, service="till"),
        make.span(1, 13, "bill", 50, 90, 11, service="till"),
    ]
    outer = [
        make.span(1, 1, "GET /", 0, 100, kind="server"),
        make.span(1, 2, "GET", 5, 95, 1, kind="client"),
    ]
    routes = survey([make.trace([*outer, *inner])]).as_dict()["routes"]
    assert {row["route"]: row["shapes"] for row in routes} == {
        "GET /": {"single": 1.0},
        "GET /till/": {"serial": 1.0},
    }


def test_a_block_outside_of_requests_is_of_no_route(make):
    """What a process does while it starts has no request above it."""
    place = {names.CODE_FILE_PATH: "views.py", names.CODE_LINE_NUMBER: 14}
    spans = [make.span(1, 1, names.SPAN_BLOCKED, 0, 200, attributes=place)]
    document = survey([make.trace(spans)]).as_dict()
    assert document["routes"] == []
    assert only(document["culprits"])["routes"] == []


def test_self_time_is_summed_by_path_of_names(make):
    """The shares of a route's critical path add up to one."""
    traces = [make.trace(make.request(number, ms)) for number, ms in enumerate([100, 300])]
    rows = only(survey(traces).as_dict()["routes"])["self_time"]
    assert {tuple(row["path"]): row["s"] for row in rows} == {
        ("GET /smoke/", "get_flavor"): 0.2,
        ("GET /smoke/", "get_smokables"): 0.2,
    }
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert {row["traces"] for row in rows} == {2}


def test_advice_is_the_sum_of_the_verdicts_advice(make):
    """What each trace would save is added up, and what saves most comes first."""
    traces = [make.trace(make.request(number, ms)) for number, ms in enumerate([100, 300])]
    traces.append(make.trace(make.request(2, 5000, name="GET /slow/")))
    saved = sum(verdict(trace).advice[0].saves_ms for trace in traces[:2])
    document = survey(traces).as_dict()
    slow, smoke = document["begin_with"]
    assert (slow["route"], smoke["route"], smoke["change"]) == (
        "GET /slow/",
        "GET /smoke/",
        "gather",
    )
    assert smoke["traces"] == 2
    assert smoke["saves_s"] == pytest.approx(saved / 1000)
    assert smoke["example"] == f"{0:032x}"


def blocking(make, trace_id, ms=500):
    """A request that blocks the loop."""
    place = {names.CODE_FILE_PATH: "views.py", names.CODE_LINE_NUMBER: 14}
    block = make.span(trace_id, 9, names.SPAN_BLOCKED, 0, ms, 1, attributes=place)
    return make.trace([*make.request(trace_id, 600, name="GET /burn/"), block])


def test_a_culprit_has_the_seconds_that_requests_in_other_traces_waited(make):
    """A block and its victims are joined by its id, whatever is read first."""
    victims = [
        make.trace(make.request(number, attributes=make.delayed_by(1, 9, 250.0)))
        for number in (5, 6)
    ]
    blocks = [blocking(make, 1), blocking(make, 2)]
    for order in ([*blocks, *victims], [*victims, *blocks]):
        assert survey(order).as_dict()["culprits"] == [
            {
                "service": "smokehouse",
                "culprit": "views.py:14",
                "kind": "",
                "routes": ["GET /burn/"],
                "blocks": 2,
                "held_s": 1.0,
                "victims": 2,
                "others_waited_s": 0.5,
                "example": f"{1:032x}",
            }
        ]


def test_what_off_loop_gains_is_what_requests_in_other_traces_waited(make):
    """The advice of a trace knows only the victims in it; the survey knows them all."""
    victim = make.trace(make.request(5, attributes=make.delayed_by(1, 9, 250.0)))
    document = survey([blocking(make, 1), victim]).as_dict()
    row = next(row for row in document["begin_with"] if row["change"] == "off_loop")
    assert (row["at"], row["others_s"]) == ("views.py:14", 0.25)
    assert row["s_a_day"] == pytest.approx(0.25 * 86_400 / document["seconds"])


def repeating(make, trace_id, count):
    """A request that sends one query for each row."""
    queries = [
        make.span(
            trace_id, 10 + number, "SELECT", number * 10, number * 10 + 8, 1, kind="client",
            attributes={"db.system.name": "sqlite", "db.query.text": f"SELECT {number}"},
        )
        for number in range(count)
    ]  # fmt: skip
    return make.trace([*make.request(trace_id)[:1], *queries])


def test_a_query_that_a_request_repeats_is_counted(make):
    """By statement without its values: in how many requests, how often, and the most."""
    traces = [repeating(make, 1, 3), repeating(make, 2, 5), repeating(make, 3, 1)]
    route = only(survey(traces).as_dict()["routes"])
    assert route["queries"] == [
        {
            "query": "SELECT ?",
            "requests": 2,
            "per_request": 4.0,
            "most": 5,
            "s": 0.064,
            "example": f"{2:032x}",
        }
    ]


def test_background_work_is_counted_by_its_end(make):
    """Tasks by name; those that were lost are listed, too."""

    def task(number, end):
        attributes = {names.TASK_END: end}
        return make.trace(
            [
                *make.request(number),
                make.span(number, 7, "season", 0, 300, 1, attributes=attributes),
            ]
        )

    traces = [task(1, "done"), task(2, "done"), task(3, "failed"), task(4, "lost")]
    document = survey(traces).as_dict()
    assert document["background"] == [
        {"task": "season", "ends": {"done": 2, "failed": 1, "lost": 1}}
    ]
    assert document["lost"] == {"season": 1}


def test_a_root_of_another_kind_has_a_row(make):
    """A script or a worker without any request is a route by its name."""
    spans = [make.span(1, 1, "nightly", 0, 100), make.span(1, 2, "query", 0, 90, 1)]
    route = only(survey([make.trace(spans)]).as_dict()["routes"])
    assert (route["route"], route["requests"], route["shapes"]) == ("nightly", 1, {"single": 1.0})


def test_a_report_that_was_written_can_be_read_and_merged(make):
    """The JSON holds the whole state: two reports make the report of all their traces."""
    traces = [make.trace(make.request(number, 100 + number)) for number in range(6)]
    traces += [blocking(make, 10), blocking(make, 11)]
    written = [survey(part).to_json() for part in (traces[:3], traces[3:])]
    merged = merge(Report.from_json(each) for each in written)
    assert merged.as_dict() == survey(traces).as_dict()


@pytest.mark.parametrize(
    "document", [[], {}, {"overlap_survey": 99}, {"overlap_survey": 1, "state": {"traces": "x"}}]
)
def test_another_document_is_refused_in_a_sentence(document):
    """Another version or a damaged state is no report."""
    with pytest.raises(OverlapError, match="here is"):
        Report.from_json(json.dumps(document), source="here")


def test_the_report_says_how_long_the_traces_span(make):
    """From the first start to the last end, over all reports."""
    early = make.trace([make.span(1, 1, "nightly", 0, 100)])
    late = make.trace([make.span(2, 1, "nightly", 59_000, 60_000)])
    for order in ([early, late], [late, early]):
        assert merge(survey([each]) for each in order).as_dict()["seconds"] == 60


def test_the_reference_names_every_key_of_the_json(make):
    """docs/reference/survey.md describes the contract."""
    page = (Path(__file__).parents[2] / "docs/reference/survey.md").read_text(encoding="utf-8")
    victim = make.trace(make.request(5, attributes=make.delayed_by(1, 9, 250.0)))
    document = survey([blocking(make, 1), victim]).as_dict()
    route = document["routes"][0]
    (query,) = survey([repeating(make, 9, 3)]).as_dict()["routes"][0]["queries"]
    rows = [document, route, route["self_time"][0], route["advice"][0], document["culprits"][0]]
    rows += [query, route["time"]]
    assert {key for row in rows for key in row if f"`{key}`" not in page} == set()
