"""The same report for any order and any division of the input."""

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from overlap import names, verdict
from overlap.survey import Report, merge, survey
from overlap.survey.shuffle import parts as shuffle_parts
from overlap.survey.shuffle.judging import Selection, judge_part
from overlap.survey.shuffle.parts import PARTS, Parts
from overlap.trace import Trace
from tests.survey.conftest import delayed_by, request, span


@st.composite
def requests(draw):
    """Spans of a few requests, some of which block the loop, some of which are delayed by it."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        attributes = draw(st.sampled_from([{}, delayed_by(1, 9, 0.1), {"http.status_code": 500}]))
        ms = draw(st.floats(0.001, 5000))
        name = draw(st.sampled_from(["GET /", "GET /smoke/"]))
        found += request(number, ms, name=name, attributes=attributes)
        if draw(st.booleans()):
            found.append(span(number, 9, names.SPAN_BLOCKED, 0, ms / 3, 1))
        if draw(st.booleans()):
            end = {names.TASK_END: draw(st.sampled_from(names.TASK_ENDS))}
            found.append(span(number, 8, "season", ms / 2, ms * 2, 1, attributes=end))
    return found


def parts(spans, places, count):
    """Divide spans into `count` lists by the list of places."""
    found = [[] for _ in range(count)]
    for each, place in zip(spans, places, strict=True):
        found[place].append(each)
    return found


def by_trace(spans):
    return [
        Trace(trace_id, tuple(each for each in spans if each.trace_id == trace_id))
        for trace_id in dict.fromkeys(each.trace_id for each in spans)
    ]


@given(st.data(), requests(), st.integers(1, 20))
def test_spans_in_any_order_over_any_workers(data, spans, in_memory):
    """The spans of a trace may be read by different workers, which keep few in memory."""
    shuffled = data.draw(st.permutations(spans))
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(spans), max_size=len(spans)))
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(shuffle_parts, "MOST_IN_MEMORY", in_memory),
    ):
        workers = [Parts(Path(folder) / str(number)) for number in range(3)]
        for worker, part in zip(workers, parts(shuffled, places, 3), strict=True):
            for each in part:
                worker.add([each])
            worker.write()
        found = merge(
            judge_part([path for worker in workers for path in worker.files(part)], Selection())
            for part in range(PARTS)
        )
    assert found == survey(by_trace(spans))
    assert found.as_dict() == survey(by_trace(spans)).as_dict()


@given(st.data(), requests())
def test_traces_on_any_number_of_workers(data, spans):
    """Each worker surveys its traces; the reports are merged in any order."""
    traces = by_trace(spans)
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(traces), max_size=len(traces)))
    reports = [survey(part) for part in parts(traces, places, 3)]
    whole = survey(traces).as_dict()
    assert merge(data.draw(st.permutations(reports))).as_dict() == whole
    nested = merge([merge(reports[:2]), Report(), reports[2]])
    assert nested.as_dict() == whole


@given(requests())
def test_the_shapes_of_a_requests_trace_are_those_of_its_verdict(spans):
    """Of a trace with one request. They are found by the judge, without its other figures."""
    for trace in by_trace(spans):
        (route,) = survey([trace]).as_dict()["routes"]
        assert set(route["shapes"]) == set(verdict(trace).shapes)
