"""`overlap bench verdict`: its files, and its bounds."""

import io
import json

import pytest

from overlap import verdict
from overlap.bench import page_cost
from overlap.bench.verdict_cost import Case, Cost, missed, write
from overlap.trace import read


@pytest.mark.parametrize("case", [Case(1000, 100), Case(1000, 1)])
def test_the_files_hold_what_they_say(case: Case) -> None:
    """Whole traces that nest and overlap, of about 420 bytes a span."""
    file = io.StringIO()
    write(file, case)
    text = file.getvalue()
    assert 380 < len(text) / case.spans < 460
    assert len(json.loads(text.partition("\n")[0])["resourceSpans"]) == 1
    found = read(text.encode())
    assert (len(found), sum(len(trace.spans) for trace in found)) == (case.traces, case.spans)
    judged = verdict(found[0])
    assert (judged.shapes, judged.warnings) == (["concurrent"], [])


def test_each_bound_has_a_sentence() -> None:
    """What is within its bound is not named."""
    well = [
        Cost(10_000, 1, 0.02, 0.2, 40), Cost(100_000, 1, 0.2, 1.5, 200),
        Cost(1_000_000, 1, 2, 20, 900),
    ]  # fmt: skip
    ill = [
        Cost(10_000, 1, 0.02, 0.3, 40), Cost(100_000, 10_000, 0.2, 1.7, 200),
        Cost(1_000_000, 1, 2, 20, 1100),
    ]  # fmt: skip
    assert list(missed(well)) == []
    assert list(missed(ill)) == [
        "10,000 spans in 1 trace took 0.30 s, more than 0.25 s",
        "100,000 spans in 10,000 traces took 8.5 times their parsing, more than 8",
        "1,000,000 spans in 1 trace took 1,100 MB, more than 1,000 MB",
    ]


def test_the_page_of_a_large_trace_is_measured_in_a_process_of_its_own(monkeypatch) -> None:
    """Its processor time is positive, and has a sentence above its bound."""
    monkeypatch.setattr(page_cost, "SPANS", 400)
    assert 0 < page_cost.page_s(1, lambda _: None) < page_cost.MOST_S
    assert page_cost.missed(1.9) == []
    assert page_cost.missed(2.1) == ["the page of 400 spans took 2.10 s, more than 2.0 s"]
