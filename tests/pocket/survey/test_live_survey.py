"""The survey of a store: each trace once, late spans included, the last hour only."""

from __future__ import annotations

import asyncio
import secrets
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from overlap.pocket.storage.span_batch import take_apart
from overlap.pocket.storage.store import Store
from overlap.pocket.survey import live_survey
from overlap.pocket.survey.live_survey import LiveSurvey


@pytest.fixture
def surveyed(monkeypatch):
    """A store and its survey, which waits for nothing."""
    monkeypatch.setattr(live_survey, "CALM_S", 0)
    monkeypatch.setattr(live_survey, "AGAIN_S", 0)

    class Surveyed:
        store = Store()
        changes = 0

        def __init__(self):
            self.survey = LiveSurvey(self.store, self.changed)
            self.store.on_change = self.survey.received

        def changed(self):
            self.changes += 1

        def send(self, name="GET /x/", trace_id=None, *, parent=b"", ago_s=1.0, ms=10):
            """Store one span of a request; return its trace id and its own id."""
            request = ExportTraceServiceRequest()
            spans = request.resource_spans.add().scope_spans.add().spans
            trace_id, span_id = trace_id or secrets.token_bytes(16), secrets.token_bytes(8)
            start = time.time_ns() - int(ago_s * 1e9)
            spans.add(
                name=name, trace_id=trace_id, span_id=span_id, parent_span_id=parent, kind=2,
                start_time_unix_nano=start, end_time_unix_nano=start + ms * 1_000_000,
            )  # fmt: skip
            self.store.add(take_apart(request, self.store.origins))
            return trace_id, span_id

        def document(self):
            """Survey all that is calm, and return the survey."""

            async def work():
                while await self.survey._survey_batch():
                    pass
                return await self.survey.document()

            return asyncio.run(work())

    return Surveyed()


def requests(document):
    """The number of requests by route."""
    return {row["route"]: row["requests"] for row in document["routes"]}


def test_each_trace_is_summed_once(surveyed):
    """However often the survey is asked for."""
    for _ in range(3):
        surveyed.send()
    assert requests(surveyed.document()) == {"GET /x/": 3}
    assert requests(surveyed.document()) == {"GET /x/": 3}


def test_late_spans_are_part_of_the_sum(surveyed):
    """The minute is summed again: nothing twice, nothing lost."""
    trace_id, span_id = surveyed.send()
    for _ in range(3):
        surveyed.send("GET /y/")
    assert requests(surveyed.document()) == {"GET /x/": 1, "GET /y/": 3}
    surveyed.send("GET /inner/", trace_id, parent=span_id)
    assert requests(surveyed.document()) == {"GET /x/": 1, "GET /y/": 3, "GET /inner/": 1}


def test_a_trace_that_turns_out_older_is_not_in_two_minutes(surveyed):
    """Its first span arrives last, and belongs to an earlier minute."""
    trace_id, _ = surveyed.send()
    surveyed.document()
    surveyed.send("GET /root/", trace_id, ago_s=120, ms=120_000)
    assert sum(requests(surveyed.document()).values()) == 2


def test_the_survey_covers_the_last_hour(surveyed):
    """Older traces have their shape, and are not in the sum."""
    trace_id, _ = surveyed.send("GET /old/", ago_s=3 * 3600)
    surveyed.send()
    assert requests(surveyed.document()) == {"GET /x/": 1}
    facts = surveyed.survey.facts(surveyed.store.get(trace_id))
    assert facts.routes == ("GET /old/",)


def test_a_trace_that_grows_after_minutes_is_not_summed_twice(surveyed):
    """Its minute is part of a longer sum, which can't be taken apart."""
    trace_id, span_id = surveyed.send(ago_s=900)
    surveyed.document()
    surveyed.send("GET /inner/", trace_id, parent=span_id, ago_s=890)
    assert requests(surveyed.document()) == {"GET /x/": 1}
    surveyed.send("GET /more/", trace_id, parent=span_id, ago_s=880)
    assert requests(surveyed.document()) == {"GET /x/": 1}


def test_a_clock_that_is_ahead_makes_no_minutes(surveyed):
    """Traces of the future are of this minute: their sums are forgotten in time, too."""
    for hours in range(1, 50):
        surveyed.send(ago_s=-3600 * hours)
    assert requests(surveyed.document()) == {"GET /x/": 49}
    assert len(surveyed.survey._sums.reports()) <= 2  # a minute may end meanwhile


def test_sums_do_not_change_while_they_are_read(surveyed, monkeypatch):
    """A thread reads them for the page; a trace that is surveyed meanwhile is in the next one."""
    stock = live_survey.merge

    def slow(reports):
        for report in reports:
            for _ in report.totals.routes:
                time.sleep(0.05)
        return stock(reports)

    monkeypatch.setattr(live_survey, "merge", slow)
    for name in "abc":
        surveyed.send(f"GET /{name}/")

    async def work():
        while await surveyed.survey._survey_batch():
            pass
        asked = asyncio.create_task(surveyed.survey.document())
        await asyncio.sleep(0.02)
        surveyed.send("GET /new/")
        while await surveyed.survey._survey_batch():
            pass
        return await asked, await surveyed.survey.document()

    before, after = asyncio.run(work())
    assert len(requests(after)) == len(requests(before)) + 1 == 4


def test_minutes_are_forgotten_without_a_page(surveyed, monkeypatch):
    """Nobody has to ask for the survey."""
    surveyed.send()
    surveyed.document()
    later = time.time() + 2 * 3600
    monkeypatch.setattr(live_survey.time, "time", lambda: later)
    asyncio.run(surveyed.survey._survey_batch())
    assert surveyed.survey._sums.reports() == []


def test_what_fails_does_not_stop_the_others(surveyed, monkeypatch, caplog):
    """A trace that can't be judged is logged."""
    surveyed.send()
    bad, _ = surveyed.send("GET /bad/")
    stock = live_survey.as_trace

    def as_trace(trace_id, spans):
        if trace_id == bad.hex():
            raise RuntimeError("secret")
        return stock(trace_id, spans)

    monkeypatch.setattr(live_survey, "as_trace", as_trace)
    assert requests(surveyed.document()) == {"GET /x/": 1}
    assert f"the trace {bad.hex()} is not surveyed: RuntimeError at test_live_survey" in caplog.text
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


def test_dropped_traces_are_forgotten(surveyed):
    """What is kept of them is bounded by the store."""
    surveyed.store.max_spans = 5
    for number in range(300):
        surveyed.send(f"GET /{number}/")
        if number % 50 == 0:
            surveyed.document()
    surveyed.document()
    assert len(surveyed.survey._facts) <= 2 * 5 + 100
    assert sum(len(each.traces) for each in surveyed.survey._sums._minutes.values()) <= 2 * 5 + 100
    assert surveyed.survey.waiting == 0


def test_pages_are_notified(surveyed):
    """Once for each batch."""
    surveyed.send()
    surveyed.document()
    assert surveyed.changes == 1


def test_a_very_large_trace_is_counted_and_not_surveyed(surveyed, monkeypatch):
    """It would take the processor from receiving spans."""
    monkeypatch.setattr(live_survey, "MOST_SPANS", 2)
    trace_id, span_id = surveyed.send()
    for _ in range(2):
        surveyed.send("GET /inner/", trace_id, parent=span_id)
    surveyed.send("GET /y/")
    assert requests(surveyed.document()) == {"GET /y/": 1}
    assert (surveyed.survey.too_large, surveyed.survey.waiting) == (1, 0)


def test_advice_is_proven_by_the_source(surveyed, tmp_path):
    """The page Routes grades as `overlap survey --source` does."""
    (tmp_path / "views.py").write_text(
        "async def view(request):\n    a = await one()\n    b = await two()\n    return a, b\n"
    )
    surveyed.survey = LiveSurvey(surveyed.store, surveyed.changed, source=tmp_path)
    surveyed.store.on_change = surveyed.survey.received
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    trace_id, start, ms = secrets.token_bytes(16), time.time_ns() - 10**9, 1_000_000
    for number, (name, low, high) in enumerate(
        (("GET /", 0, 200), ("one", 0, 100), ("two", 100, 200))
    ):
        each = spans.add(
            name=name, trace_id=trace_id, span_id=bytes([*[0] * 7, 1 + number]),
            parent_span_id=bytes([*[0] * 7, 1]) if number else b"", kind=1 if number else 2,
            start_time_unix_nano=start + low * ms, end_time_unix_nano=start + high * ms,
        )  # fmt: skip
        each.attributes.add(key="code.file.path").value.string_value = "views.py"
        each.attributes.add(key="code.line.number").value.int_value = 1
    surveyed.store.add(take_apart(request, surveyed.store.origins))
    (row,) = surveyed.document()["begin_with"]
    assert (row["change"], row["evidence"]) == ("gather", "proven")
