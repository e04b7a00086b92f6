"""Traces of a time range from a backend that answers a search with so many traces at most."""

import asyncio
import json
from datetime import datetime

import httpx
import pytest

from overlap.errors import OverlapError
from overlap.survey import merge
from overlap.survey.shuffle.judging import Selection, judge_part
from overlap.survey.shuffle.parts import PARTS, Parts
from overlap.survey.sources import backend
from overlap.survey.sources.query import Query

START_NS = 1_700_000_000_000_000_000
HOUR_NS = 3600 * 10**9


class Jaeger:
    """Answers searches; counts those in flight."""

    def __init__(self, make, count, broken=(), services=("smokehouse",)):
        step = HOUR_NS // count
        self._traces = {
            START_NS + number * step: make.request(number + 1) for number in range(count)
        }
        self._make = make
        self._broken = broken
        self._services = services
        self.depths = set()
        self._searches = 0
        self._in_flight = 0
        self.most_in_flight = 0

    async def __call__(self, asked):
        if asked.url.path == "/api/v3/services":
            return httpx.Response(200, json={"services": self._services})
        self._searches += 1
        if self._searches in self._broken:
            return httpx.Response(503, text="too busy")
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(0)
        self._in_flight -= 1
        low, high = (_ns(asked.url.params[f"query.startTime{end}"]) for end in ("Min", "Max"))
        depth = int(asked.url.params["query.searchDepth"])
        self.depths.add(depth)
        found = [spans for start, spans in self._traces.items() if low <= start < high][:depth]
        if not found:
            return httpx.Response(404)
        blocks = [json.loads(self._make.otlp(spans)) for spans in found]
        blocks = [block for each in blocks for block in each["resourceSpans"]]
        return httpx.Response(200, json={"result": {"resourceSpans": blocks}})


def _ns(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


@pytest.fixture
def read(tmp_path):
    """Read an hour of a backend; return the report and what could not be read."""

    def read(jaeger, limit=None):
        parts = Parts(tmp_path / "parts", limit)
        query = Query(START_NS, START_NS + HOUR_NS, None, limit)
        transport = httpx.MockTransport(jaeger)
        unread = backend.read_backend("http://jaeger", query, parts, lambda _text: None, transport)
        reports = [judge_part([], Selection(), parts.in_memory(part)) for part in range(PARTS)]
        return merge(reports).as_dict(), unread

    return read


def test_every_trace_is_read_once_with_few_searches_in_flight(make, monkeypatch, read):
    """A search that finds as many traces as it may is repeated for both halves of its time."""
    monkeypatch.setattr(backend, "DEPTH", 10)
    jaeger = Jaeger(make, 100)
    report, unread = read(jaeger)
    assert (report["traces"], report["spans"], report["warnings"]) == (100, 300, {})
    assert unread == []
    assert 1 < jaeger.most_in_flight <= backend.IN_FLIGHT


def test_a_trace_that_two_searches_find_counts_once(make, read):
    """A trace with spans of two services is found by both."""
    report, _ = read(Jaeger(make, 10, services=("smokehouse", "till")))
    assert (report["traces"], report["spans"], report["warnings"]) == (10, 30, {})


def test_a_window_that_fails_is_reported_and_the_others_count(make, read):
    """Three of the four windows are read, and a sentence names the fourth's error."""
    report, unread = read(Jaeger(make, 100, broken=(2,)))
    assert report["traces"] == 75
    assert len(unread) == 1
    assert "503: too busy" in unread[0]


def test_a_backend_that_answers_no_search_is_an_error(make, read):
    """Then there is nothing to report on."""
    with pytest.raises(OverlapError, match="503"):
        read(Jaeger(make, 100, broken=range(1, 100)))


def test_no_more_traces_than_the_limit(make, read):
    """The rest is not asked for."""
    jaeger = Jaeger(make, 100)
    assert read(jaeger, limit=7)[0]["traces"] == 7
    assert jaeger.depths == {7}
