"""A project's own OpenTelemetry stays its own, set before us or after us; both sides get all."""

import pytest

PROJECT = """
from opentelemetry import metrics, propagate, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import overlap
from overlap.instrument.setup import active

early = trace.get_tracer("early")
kept, reader = InMemorySpanExporter(), InMemoryMetricReader()
resource = Resource({"service.name": "shop"})
provider = TracerProvider(resource=resource)
meters = MeterProvider([reader], resource=resource)
propagator = propagate.get_global_textmap()

def set_up():
    trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    metrics.set_meter_provider(meters)

def theirs():
    return [span.name for span in kept.get_finished_spans()]
"""
ORDERS = {
    "before": "set_up(); overlap.instrument(service_name='ours')",
    "after": """
overlap.instrument(service_name='ours')
early.start_span("ours alone").end()
direct = metrics.get_meter("m").create_counter("sold")
direct.add(1)
twin = metrics.get_meter("kept").create_counter("baked")
active().telemetry.flush()
set_up()
""",
}


@pytest.mark.parametrize("order", ORDERS)
def test_both_sides_get_each_span_once(own_sink, run, order):
    """Of tracers that were there before and of new ones, with the project's resource."""
    run(
        f"""{PROJECT}{ORDERS[order]}
with early.start_as_current_span("outer"):
    trace.get_tracer("late").start_span("inner").end()
assert theirs() == ["inner", "outer"], theirs()
assert trace.get_tracer_provider() is provider
assert propagate.get_global_textmap() is propagator
overlap.shutdown()
early.start_span("theirs alone").end()
trace.get_tracer("late").start_span("theirs alone").end()
assert theirs() == ["inner", "outer", "theirs alone", "theirs alone"]
assert trace.get_tracer_provider() is provider
overlap.instrument()
early.start_span("again").end()
assert theirs()[-1] == "again"
overlap.shutdown()
""",
        own_sink.url,
    )
    alone = {"ours alone": 1} if order == "after" else {}
    assert own_sink.names() == {"inner": 1, "outer": 1, "again": 1} | alone
    outer = own_sink.one("outer")
    assert own_sink.one("inner").parent_id == outer.span_id
    assert outer.resource["service.name"] == "shop"
    assert outer.resource["process.pid"]
    assert outer.attributes["thread.name"] == "MainThread"


@pytest.mark.parametrize("order", ORDERS)
def test_both_sides_get_each_measurement_once(own_sink, run, order):
    """Instruments that were there before measure for the project's provider, too."""
    run(
        f"""{PROJECT}
from opentelemetry.metrics import Observation
direct = twin = None
observed = []
def observe(_):
    observed.append(1)
    yield Observation(7)
counter = metrics.get_meter("kept").create_counter("baked")
metrics.get_meter("kept").create_observable_gauge("heat", [observe])
{ORDERS[order]}
counter.add(2)
(twin or counter).add(1)
(direct or metrics.get_meter("m").create_counter("sold")).add(4)
metrics.get_meter("m").create_counter("sold").add(1)
observed.clear()
found = {{}}
for each in reader.get_metrics_data().resource_metrics[0].scope_metrics:
    for metric in each.metrics:
        assert metric.name not in found, metric.name
        found[metric.name] = metric.data.data_points
assert [point.value for point in found["baked"]] == [3]
assert [point.value for point in found["sold"]] == [5]
assert [point.value for point in found["heat"]] == [7]
assert observed == [1]
assert metrics.get_meter_provider() is meters
overlap.shutdown()
counter.add(1)
(point,) = [m for s in reader.get_metrics_data().resource_metrics[0].scope_metrics
    for m in s.metrics if m.name == "baked"][0].data.data_points
assert point.value == 4
""",
        own_sink.url,
    )
    assert [point.as_int for _, point in own_sink.points("baked")][-1] == 3
    assert [point.as_int for _, point in own_sink.points("sold")][-1] == 5


def test_what_the_project_sends_to_our_endpoint_is_not_sent_twice(own_sink, run):
    """As with `opentelemetry-instrument`, whose exporter reads the same variable."""
    run(
        f"""{PROJECT}
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
overlap.instrument()
trace.set_tracer_provider(provider)
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
with early.start_as_current_span("once"):
    pass
metrics.get_meter("m").create_counter("sold").add(4)
overlap.shutdown()
metrics.get_meter_provider().shutdown()
""",
        own_sink.url,
    )
    assert own_sink.names() == {"once": 1}
    assert own_sink.one("once").attributes["thread.name"] == "MainThread"
    resources = {str(attributes) for attributes, _ in own_sink.points("sold")}
    assert len(resources) == 1


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_provider_that_accepts_no_processor_is_one_sentence(own_sink, run, order):
    """It stays the global one; who gets what is logged, and the service runs on."""
    set_up = "trace.set_tracer_provider(Foreign()); metrics.set_meter_provider(Meters())"
    steps = [set_up, "overlap.instrument()"]
    run(
        f"""{PROJECT}
import io, logging
out = io.StringIO()
logging.basicConfig(stream=out)
class Foreign(trace.NoOpTracerProvider):
    __hash__ = None
class Meters(metrics.NoOpMeterProvider):
    pass
{chr(10).join(steps if order == "before" else steps[::-1])}
early.start_span("theirs").end()
assert type(trace.get_tracer_provider()) is Foreign
said = [line for line in out.getvalue().splitlines() if "alone" in line]
assert len(said) == 2, said
assert "spans go to the project's Foreign alone: it accepts no span processor" in said[0]
assert "metrics go to the project's Meters alone: it accepts no reader" in said[1]
overlap.shutdown()
""",
        own_sink.url,
    )
    assert own_sink.names() == {}


@pytest.mark.parametrize(
    ("sampler", "is_traced"),
    [
        ("TraceIdRatioBased(0)", False),
        ("ParentBased(TraceIdRatioBased(0))", False),
        ("ParentBased(ALWAYS_ON)", True),
        ("ALWAYS_ON", True),
    ],
)
def test_a_sampler_of_the_projects_decides_and_is_reported(own_sink, run, sampler, is_traced):
    """What it does not sample is nowhere; one sentence says so."""
    run(
        f"""{PROJECT}
import io, logging
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, TraceIdRatioBased
out = io.StringIO()
logging.basicConfig(stream=out)
trace.set_tracer_provider(TracerProvider(sampler={sampler}))
overlap.instrument()
early.start_span("seen").end()
said = "the project's sampler decides which requests are traced" in out.getvalue()
assert said is {not is_traced}, out.getvalue()
overlap.shutdown()
""",
        own_sink.url,
    )
    assert own_sink.names() == ({"seen": 1} if is_traced else {})


@pytest.mark.parametrize("owner", ["ours", "theirs"])
def test_a_processor_that_raises_harms_nobody(own_sink, run, owner):
    """A span is started and ended within the service's own code."""
    run(
        f"""{PROJECT}
from overlap.instrument.calls.thread_attributes import ThreadAttributes
def broken(*_): raise RuntimeError("broken")
ThreadAttributes.on_start = ThreadAttributes.on_end = ThreadAttributes._on_ending = broken
{"set_up()" if owner == "theirs" else ""}
overlap.instrument()
early.start_span("whole").end()
overlap.shutdown()
""",
        own_sink.url,
    )
    assert own_sink.names() == {"whole": 1}


def test_an_instrument_that_was_there_before_us_is_measured(own_sink, run):
    """The API's own instruments learn of a provider when it is set."""
    run(
        """
        from opentelemetry import metrics
        counter = metrics.get_meter("m").create_counter("sold")
        import overlap
        overlap.instrument()
        counter.add(2)
        overlap.shutdown()
        """,
        own_sink.url,
    )
    assert [point.as_int for _, point in own_sink.points("sold")][-1] == 2


@pytest.mark.parametrize("added", ["before", "after"])
def test_the_first_span_that_the_projects_exporter_delivers_is_known_to_have_arrived(
    own_sink, run, added
):
    """Our own exporter, which leaves it to the project's, may look only later."""
    add = "provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))"
    steps = [add, "overlap.instrument()"]
    run(
        f"""{PROJECT}
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
set_up()
{chr(10).join(steps if added == "before" else steps[::-1])}
arrived = []
active().telemetry.when_arrived(lambda: arrived.append("early"))
early.start_span("first").end()
assert arrived == ["early"], arrived
active().telemetry.when_arrived(lambda: arrived.append("late"))
assert arrived == ["early", "late"], arrived
overlap.shutdown()
""",
        own_sink.url,
        OTEL_BSP_SCHEDULE_DELAY="60000",
    )
    assert own_sink.names() == {"first": 1}
