"""A quick span is the SDK's: whatever is done with either, both tell the same."""

from __future__ import annotations

import json
import logging
from importlib.metadata import version

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, Tracer, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from overlap.runtime.untested import TESTED
from overlap.telemetry.spans import processors
from overlap.telemetry.spans import quick_tracer as quick
from overlap.telemetry.spans.processors import Processors
from overlap.telemetry.spans.quick_span import QuickSpan
from overlap.telemetry.spans.quick_tracer import QuickProvider, objection

RESOURCE = Resource({"service.name": "s"})
OTHER = SpanContext(7, 9, is_remote=True, trace_flags=TraceFlags(1))
FEW = SpanLimits(max_span_attributes=3, max_events=1, max_links=1, max_span_attribute_length=4)


class Text(str):
    """Not quite a str."""

    __slots__ = ()


class Numbers:
    """Ids one after the other, the same for both."""

    def __init__(self):
        self.last = 0

    def generate_span_id(self):
        self.last += 1
        return self.last

    def generate_trace_id(self):
        return self.generate_span_id()

    def is_trace_id_random(self):
        return True


class Marked(Sampler):
    """Records, does not send, and adds what samplers may add."""

    def should_sample(self, *_asked, attributes=None, **_named):
        own = {**(attributes or (_asked[4:] or [None])[0] or {}), "by": "sampler"}
        return SamplingResult(Decision.RECORD_ONLY, own, TraceState([("a", "b")]))

    def get_description(self):
        return "Marked"


def provider_of(kind, *, sampler=None, limits=None):
    """One of either kind, with what it has sent."""
    provider = QuickProvider(RESOURCE) if kind == "quick" else TracerProvider(
        resource=RESOURCE, shutdown_on_exit=False
    )  # fmt: skip
    provider.sampler = sampler or DEFAULT_ON
    provider.id_generator = Numbers()
    provider._span_limits = limits or SpanLimits()
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider, exporter


def under(parent):
    """A context with that span context in it."""
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def plain(tracer):
    with tracer.start_as_current_span("a", attributes={"text": "x", "n": 1, "f": 0.5, "b": True}):
        tracer.start_span("b", kind=SpanKind.CLIENT).end(5)


def attributes(tracer):
    span = tracer.start_span("a", attributes={"list": [1, 2], "text": Text("t"), 1: 2, "": 3})
    span.set_attribute("text", "again")
    span.set_attributes({"list": ("x",), "more": None, "": "nothing"})
    span.set_attributes(type("Lazy", (dict,), {})(lazy=1))
    span.end()


def many(tracer):
    span = tracer.start_span("a", attributes={"one": "longer than that", "two": 2})
    span.set_attributes({"three": "also too long", "four": 4, "five": 5})
    span.set_attribute("six", 6)
    for number in range(3):
        span.add_event(f"event {number}", {"n": number}, timestamp=number)
        span.add_link(OTHER, {"n": number})
    span.end()


def written_on(tracer):
    span = tracer.start_span("a", links=[Link(OTHER, {"why": "so"})])
    span.update_name("better")
    span.set_status(Status(StatusCode.ERROR, "no"))
    span.set_status(StatusCode.OK)
    span.set_status(StatusCode.ERROR)
    span.add_event("e", {"list": [1]}, timestamp=3)
    span.end()
    assert not span.is_recording()


def after_its_end(tracer):
    span = tracer.start_span("a")
    span.end()
    span.update_name("late")
    span.set_attribute("late", 1)
    span.set_attributes({"late": 1})
    span.add_event("late")
    span.add_link(OTHER)
    span.set_status(StatusCode.ERROR)
    span.end()


def failing(tracer):
    for record in (True, False):
        with pytest.raises(KeyError), tracer.start_as_current_span(
            "a", record_exception=record, set_status_on_exception=record
        ):  # fmt: skip
            raise KeyError("gone")


def children(tracer):
    for flags in range(4):
        for state in (None, TraceState([("vendor", "x")])):
            parent = SpanContext(7, 9, flags % 2 == 0, TraceFlags(flags), state)
            tracer.start_span("a", under(parent), attributes={"n": 1}).end()
    tracer.start_span("root", Context()).end()


def links_given_and_added(tracer):
    span = tracer.start_span("a", links=[Link(OTHER)])
    span.add_link(OTHER, {"more": True})
    span.add_link(trace.INVALID_SPAN_CONTEXT)
    span.end()


DEEDS = [plain, attributes, many, written_on, after_its_end, failing, children,
         links_given_and_added]  # fmt: skip
SAMPLERS = [
    DEFAULT_ON, ALWAYS_ON, ALWAYS_OFF, Marked(), TraceIdRatioBased(0.0), ParentBased(Marked()),
]  # fmt: skip


def told(span):
    """Everything of a span but when it was, and the lines of a stack trace."""
    found = json.loads(span.to_json())
    for time in ("start_time", "end_time"):
        assert found.pop(time)
    for event in found["events"]:
        event.pop("timestamp")
        event["attributes"].pop("exception.stacktrace", None)
    dropped = (span.dropped_attributes, span.dropped_events, span.dropped_links)
    context, parent = span.get_span_context(), span.parent
    return found, dropped, tuple(context), parent and tuple(parent), span.resource


IS_QUICK = objection(TracerProvider().get_tracer("tests")) is None
"""Whether the installed SDK's spans are known; older ones make their own."""


def test_the_newest_sdk_has_quick_spans():
    """Else nothing below would compare anything."""
    is_newest = version("opentelemetry-sdk").startswith(TESTED["opentelemetry-sdk"][1])
    assert IS_QUICK or not is_newest


@pytest.mark.parametrize("limits", [None, FEW], ids=["no limits", "limits"])
@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda each: each.get_description()[:30])
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_both_tell_the_same(deed, sampler, limits, caplog):
    """Spans, what was dropped of them, and what is said in the log."""
    results = {}
    for kind in ("quick", "stock"):
        caplog.clear()
        provider, exporter = provider_of(kind, sampler=sampler, limits=limits)
        tracer = provider.get_tracer("tests", "1.0", "schema")
        deed(tracer)
        said = sorted((entry.levelno, entry.getMessage()) for entry in caplog.records)
        results[kind] = [told(span) for span in exporter.get_finished_spans()], said
        if kind == "quick" and IS_QUICK:
            assert {type(span) for span in exporter.get_finished_spans()} <= {QuickSpan}
    assert results["quick"] == results["stock"]


def test_attributes_given_are_not_the_callers_dict():
    """Who changes theirs after does not change the span's."""
    provider, _ = provider_of("quick")
    given = {"n": 1}
    span = provider.get_tracer("tests").start_span("a", attributes=given)
    given["n"] = 2
    assert span.attributes["n"] == 1


def test_what_is_recorded_and_what_is_not():
    """A span that is not recorded still carries its context on."""
    provider, _ = provider_of("quick", sampler=ALWAYS_OFF)
    span = provider.get_tracer("tests").start_span("a", under(OTHER))
    assert not span.is_recording()
    assert span.get_span_context().trace_id == OTHER.trace_id


def test_a_provider_that_is_switched_off_makes_none():
    """As the SDK's configurator has it."""
    provider, exporter = provider_of("quick")
    tracer = provider.get_tracer("tests")
    if not hasattr(tracer, "_tracer_config"):  # an SDK without the configurator
        assert not IS_QUICK
        return
    tracer._tracer_config.is_enabled = False
    tracer.start_span("a").end()
    assert not exporter.get_finished_spans()


def test_an_sdk_with_other_parts_makes_its_own_spans(monkeypatch):
    """What is not known here is not imitated."""
    monkeypatch.setattr(quick, "_SPAN", quick._SPAN | {"_new_part"})
    provider, exporter = provider_of("quick")
    tracer = provider.get_tracer("tests")
    assert type(tracer) is Tracer
    assert objection(tracer) == "a span has other parts: ['_new_part']" or not IS_QUICK
    tracer.start_span("a").end()
    assert not isinstance(exporter.get_finished_spans()[0], QuickSpan)


def test_an_sdk_that_counts_its_spans_makes_its_own(monkeypatch):
    """Its counts are taken where it makes them."""
    monkeypatch.setenv("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "true")
    provider, _ = provider_of("quick")
    assert objection(provider.get_tracer("tests")) == "the SDK counts its spans"


class Noting(SpanProcessor):
    """Notes what it is told."""

    def __init__(self):
        self.heard = []

    def on_start(self, span, parent_context=None):
        self.heard.append(("start", span.name, parent_context))

    def _on_ending(self, span):
        self.heard.append(("ending", span.name))

    def on_end(self, span):
        self.heard.append(("end", span.name))


class Ends(SpanProcessor):
    """Has one thing to do."""

    def __init__(self):
        self.heard = []

    def on_end(self, span):
        self.heard.append(span.name)


def test_processors_are_told_what_they_ask_for():
    """In their order; and others that take their place, from then on."""
    provider, _ = provider_of("quick")
    tracer, context, first, second = provider.get_tracer("tests"), Context(), Noting(), Ends()
    provider.add_span_processor(first)
    provider.add_span_processor(second)
    tracer.start_span("a", context).end()
    assert first.heard == [("start", "a", context), ("ending", "a"), ("end", "a")]
    assert second.heard == ["a"]
    every = provider._active_span_processor
    assert isinstance(every, Processors)
    every._span_processors = (second,)
    tracer.start_span("b").end()
    assert len(first.heard) == 3
    assert second.heard == ["a", "b"]


def test_the_log_is_listened_to(caplog):
    """Else the comparison of what is said would compare nothing."""
    provider, _ = provider_of("quick")
    after_its_end(provider.get_tracer("tests"))
    assert [entry.levelno for entry in caplog.records] == [logging.WARNING] * 7


class Empty(SpanProcessor):
    """Overrides all three, as the SDK's batch processor does, and has nothing to do."""

    def on_start(self, span, parent_context=None):
        """See SpanProcessor."""

    def _on_ending(self, span):
        pass

    def on_end(self, span):
        pass


def test_empty_methods_are_not_called():
    """The SDK's batch processor has two of them, for each span."""

    def empty(owner):
        return [processors._is_empty(owner, name) for name in ("on_start", "_on_ending", "on_end")]

    assert empty(Empty) == [True, True, True]
    assert empty(BatchSpanProcessor) == [True, True, False]
    assert empty(Noting) == [False, False, False]


@pytest.mark.parametrize("above", ["none", "nothing current", "quick", "SDK's", "remote", "junk"])
def test_the_parent_is_the_current_span(above):
    """Found without the SDK's own look, and the same."""
    provider, _ = provider_of("quick")
    tracer, stock = provider.get_tracer("tests"), TracerProvider().get_tracer("tests")
    remote = NonRecordingSpan(SpanContext(7, 8, is_remote=True, trace_flags=TraceFlags(1)))
    contexts = {
        "none": None,
        "nothing current": Context(),
        "quick": trace.set_span_in_context(tracer.start_span("a"), Context()),
        "SDK's": trace.set_span_in_context(stock.start_span("a"), Context()),
        "remote": trace.set_span_in_context(remote, Context()),
        "junk": trace.set_span_in_context("no span", Context()),
    }
    expected = trace.get_current_span(contexts[above]).get_span_context()
    span = tracer.start_span("b", contexts[above])
    assert span.parent == (expected if expected.is_valid else None)
