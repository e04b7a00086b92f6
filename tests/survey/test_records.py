"""Spans written to a file and read again are what the judge needs of them."""

import io

from hypothesis import given
from hypothesis import strategies as st

from overlap.judge import verdict
from overlap.survey import survey
from overlap.survey.shuffle import records
from overlap.trace import Link, Span, Trace
from tests.survey.conftest import request, span, trace

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def again(spans):
    file = io.BytesIO()
    records.write(file, spans)
    file.seek(0)
    return [span for batch in records.read(file) for span in batch]


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.text(), st.integers(0, 2**64 - 1))
def test_any_span_comes_back(attributes, name, time):
    """Whatever its names and values are; what nothing can hold is replaced."""
    one = Span("1" * 32, "2" * 16, name, time, time, attributes=attributes)
    (found,) = again([one])
    assert isinstance(found, Span)
    assert (found.name, found.start_ns) == (name.encode(errors="replace").decode(), time)
    assert found.attributes.keys() == attributes.keys()


def test_what_the_judge_reads_is_kept():
    """Kinds, links, status, scope and the process; a verdict is the same."""
    resource = {"service.instance.id": "a", "process.pid": 7, "host.name": "b"}
    link = Link("3" * 32, "4" * 16, {"overlap.link": "blocked_by"})
    spans = [
        *request(1),
        span(1, 7, "GET", 0, 9, 1, kind="client", links=(link,), status="error", scope="s",
             resource=resource),
    ]  # fmt: skip
    found = again(spans)
    assert verdict(found) == verdict(spans)
    assert found[-1].links == (link,) or found[-1].links[0].attributes == link.attributes
    assert (found[-1].status, found[-1].scope) == ("error", "s")
    assert found[-1].resource == {"service.instance.id": "a", "process.pid": 7}


def test_half_a_character_and_a_huge_number_do_not_end_a_survey():
    """They are not valid in any output either."""
    attributes = {"n": 1 << 70, "list": ["\ud800", -(1 << 70)], "\udfff": True}
    (found,) = again([span(1, 1, "a\ud800", 0, 9, attributes=attributes)])
    assert found.name == "a?"
    assert found.attributes == {"n": str(1 << 70), "list": ["?", str(-(1 << 70))], "?": True}


def test_a_trace_of_very_many_spans_is_judged_by_its_first(monkeypatch):
    """In any order; the others are counted."""
    from overlap.survey.summing import largest

    monkeypatch.setattr(largest, "MOST_SPANS", 5)
    spans = [span(1, 1, "GET /", 0, 900, kind="server")]
    spans += [span(1, 2 + number, "tick", number * 9, number * 9 + 8, 1) for number in range(30)]
    reports = [survey([trace(order)]) for order in (spans, spans[::-1])]
    collected = largest.LargeTrace(spans[0].trace_id)
    for each in spans[::2] + spans[1::2]:
        collected.extend([each])
    reports.append(survey([]))
    reports[2].add(Trace(spans[0].trace_id, collected.spans()), left_out=collected.left_out)
    assert reports[0] == reports[1] == reports[2]
    document = reports[0].as_dict()
    assert (document["spans"], document["spans_left_out"]) == (5, 26)
