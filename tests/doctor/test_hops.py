"""Each hop broken in turn: it is the one that is named, with what to do."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from overlap.config import NOWHERE
from overlap.doctor import HOPS, broken
from overlap.doctor.context import TRACE_STATE
from overlap.doctor.hops import grafana, page
from overlap.doctor.probe_telemetry import samples
from tests.doctor.answers import dead_url, exemplars, result

NAMES = [hop.name for hop in HOPS]


def first(found):
    """The first broken hop's name and words."""
    finding = broken(list(found.values()))
    assert finding is not None, found
    assert finding.do
    return finding.hop, f"{finding.seen} / {finding.do}"


def states(found):
    return {name: finding.state for name, finding in found.items()}


def test_a_road_that_is_whole(pipeline):
    """Every hop is looked at, in order, and none is broken."""
    found = pipeline.walk()
    assert list(found) == NAMES
    assert set(states(found).values()) == {"ok"}, found
    assert "smokesite sent its span `GET /`" in found["sdk"].seen
    assert pipeline.context.asked in found["exemplar"].seen


def test_with_pocket_what_it_lacks_is_absent_and_no_fault(pipeline, config):
    """No Loki, no Prometheus, no Monitor tab: not in this setup."""
    pipeline.config = config
    found = pipeline.walk()
    assert states(found) == {
        "app": "ok", "collector": "ok", "traces": "ok", "sdk": "ok", "logs": "absent",
        "metrics": "absent", "exemplar": "absent", "monitor": "absent", "grafana": "absent",
        "page": "absent",
    }  # fmt: skip
    assert broken(list(found.values())) is None


def test_the_app_is_stopped(pipeline):
    """The rest of the pipeline is looked at all the same."""
    pipeline.config = replace(pipeline.config, app_url=dead_url(), page_url=dead_url())
    found = pipeline.walk()
    hop, words = first(found)
    assert hop == "app"
    assert "`make demo`" in words
    assert states(found) | {"app": "broken", "sdk": "skipped", "exemplar": "skipped"} == states(
        found
    )
    assert found["logs"].state == found["grafana"].state == "ok"


def test_the_advice_for_a_stopped_app_is_that_of_the_page(pipeline):
    """The settings of the folder say `make demo`; the page was started by compose, with the app."""
    pipeline.config = replace(pipeline.config, app_url=dead_url())
    _, words = first(pipeline.walk())
    assert "start it with `docker compose up --detach app`, or set OVERLAP_APP_URL" in words


@pytest.mark.parametrize(("path", "status"), [("/boom/", 500), ("/nowhere/", 404)])
def test_the_app_answers_with_an_error(pipeline, path, status):
    """A server error is one; a page that is not there is an answer."""
    found = pipeline.walk(path=path)
    assert f"answered {status}" in found["app"].seen
    assert found["app"].state == ("broken" if status == 500 else "ok")


def test_the_app_refuses_our_host(pipeline, fake):
    """400 is what Django says to a Host that it does not know."""
    pipeline.config = replace(pipeline.config, app_url=fake(otherwise=(400, "Bad Request")).url)
    hop, words = first(pipeline.walk())
    assert hop == "app"
    assert "ALLOWED_HOSTS" in words


def test_telemetry_leads_nowhere(pipeline):
    """Nothing listens at the OTLP endpoint."""
    pipeline.config = replace(pipeline.config, otlp_endpoint=dead_url())
    found = pipeline.walk()
    hop, words = first(found)
    assert hop == "collector"
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in words
    assert found["traces"].state == "skipped"


def test_one_of_several_gateways_is_down(pipeline):
    """Each is checked; the advice names the tier, and that the others go on."""
    whole, dead = pipeline.config.otlp_endpoint, dead_url()
    pipeline.config = replace(pipeline.config, otlp_endpoint=f"{whole}, {dead}")
    found = pipeline.walk()
    hop, words = first(found)
    assert hop == "collector"
    assert f"1 of 2 gateways fail: nothing receives telemetry at {dead}" in words
    assert "first tier" in words
    pipeline.config = replace(pipeline.config, otlp_endpoint=f"{whole},{whole}")
    found = pipeline.walk()
    assert found["collector"].state == "ok"
    assert f"{whole} and {whole}" in found["collector"].seen


def test_a_sampler_can_tell_our_traces():
    """Both carry a trace state, which a policy of tail sampling can ask for."""
    sent = samples("ab" * 16, TRACE_STATE)["traces"]
    assert sent.resource_spans[0].scope_spans[0].spans[0].trace_state == "overlap=doctor"


@pytest.mark.parametrize(
    ("answer", "says"),
    [((404, ""), "receiver otlp"), ((503, ""), "queue is full"), ((429, ""), "memory_limiter")],
)
def test_the_collector_refuses(pipeline, fake, answer, says):
    """Not found, and too busy, are different faults."""
    pipeline.config = replace(pipeline.config, otlp_endpoint=fake(otherwise=answer).url)
    hop, words = first(pipeline.walk())
    assert hop == "collector"
    assert says in words


def test_the_collector_rejects_what_it_accepts(pipeline, fake):
    """A success that says it took nothing is none."""
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 1
    answer.partial_success.error_message = "no spans today"
    collector = fake(otherwise=(200, answer.SerializeToString()))
    pipeline.config = replace(pipeline.config, otlp_endpoint=collector.url)
    hop, words = first(pipeline.walk())
    assert hop == "collector"
    assert "no spans today" in words


def test_the_collector_accepts_and_drops(pipeline, fake):
    """Our span was taken, and is nowhere."""
    pipeline.config = replace(pipeline.config, otlp_endpoint=fake(otherwise=(200, b"")).url)
    found = pipeline.walk()
    hop, words = first(found)
    assert hop == "traces"
    assert "the collector's log" in words
    assert found["sdk"].state == "skipped"


def test_the_trace_backend_is_down(pipeline):
    """Nothing answers where traces are read."""
    pipeline.config = replace(pipeline.config, traces_url=dead_url())
    hop, words = first(pipeline.walk())
    assert hop == "traces"
    assert "OVERLAP_TRACES_URL" in words


def test_the_trace_backend_fails(pipeline, fake):
    """It answers, with an error of its own."""
    backend = fake({"/api/v3/services": (200, {})}, otherwise=(500, "no disk"))
    pipeline.config = replace(pipeline.config, traces_url=backend.url)
    hop, words = first(pipeline.walk())
    assert hop == "traces"
    assert "no disk" in words


def test_the_apps_telemetry_does_not_leave_it(pipeline, serve):
    """The app answers, the pipeline is whole, and no span comes."""
    with serve(OTEL_SDK_DISABLED="true") as url:
        pipeline.config = replace(pipeline.config, app_url=url)
        found = pipeline.walk()
    hop, words = first(found)
    assert hop == "sdk"
    assert "overlap.instrument()" in words
    assert found["monitor"].state == "skipped"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, result([])), "no log line of our trace"),
        ((500, "too many outstanding requests"), "too many outstanding requests"),
        ((200, "<html>"), "is not Loki"),
        ((200, []), "is not Loki"),
    ],
)
def test_loki_does_not_have_the_log(pipeline, answer, says):
    """It answers without our line, with an error, or is another server."""
    pipeline.others.answers["/loki/api/v1/query_range"] = answer
    hop, words = first(pipeline.walk())
    assert hop == "logs"
    assert says in words


def test_loki_is_down_or_not_wanted(pipeline):
    """Down is a fault; `none` is no fault."""
    pipeline.config = replace(pipeline.config, loki_url=dead_url())
    assert first(pipeline.walk())[0] == "logs"
    pipeline.config = replace(pipeline.config, loki_url=NOWHERE)
    found = pipeline.walk()
    assert found["logs"].state == "absent"
    assert found["grafana"].seen.endswith("reaches jaeger, prometheus")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, result([])), "--web.enable-otlp-receiver"),
        ((200, result([{"metric": {}, "value": [0, "1"]}])), "does not have the metric"),
        ((400, {"status": "error", "error": "parse error"}), "parse error"),
        ((200, result([{"value": "?"}])), "could not be read"),
    ],
)
def test_prometheus_does_not_have_the_metric(pipeline, answer, says):
    """Nothing, only an older walk's, an error, or nonsense."""
    pipeline.others.answers["/api/v1/query"] = answer
    found = pipeline.walk()
    hop, words = first(found)
    assert hop == "metrics"
    assert says in words
    assert found["exemplar"].state == "skipped"


@pytest.mark.parametrize(
    ("trace_ids", "says"),
    [([], "--enable-feature=exemplar-storage"), (["5a" * 16], "traces that are not at")],
)
def test_exemplars_are_missing_or_lead_nowhere(pipeline, trace_ids, says):
    """Durations without exemplars; and exemplars whose traces are gone."""
    pipeline.others.answers["/api/v1/query_exemplars"] = (200, exemplars(*trace_ids))
    hop, words = first(pipeline.walk())
    assert hop == "exemplar"
    assert says in words


def test_the_app_sends_no_metrics(pipeline):
    """Prometheus has ours, and none of the app's."""
    whole = pipeline.others.answers["/api/v1/query"]
    pipeline.others.answers |= {
        "/api/v1/query": lambda path: whole if "doctor" in path else (200, result([])),
        "/api/v1/query_exemplars": (200, exemplars()),
    }
    hop, words = first(pipeline.walk())
    assert hop == "exemplar"
    assert "OTEL_METRIC_EXPORT_INTERVAL" in words


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, {"metrics": []}), "metric_namespace"),
        ((501, {"errors": [{"code": 501}]}), "metric_backends"),
        ((500, {"errors": []}), "answered 500"),
    ],
)
def test_jaeger_has_no_monitor(pipeline, answer, says):
    """Empty, switched off, or in trouble."""
    pipeline.others.answers["/api/metrics/calls"] = answer
    hop, words = first(pipeline.walk())
    assert hop == "monitor"
    assert says in words


def test_what_is_no_jaeger_has_no_monitor(pipeline):
    """Another backend that speaks the v3 API."""
    del pipeline.others.answers["/api/metrics/calls"]
    assert pipeline.walk()["monitor"].state == "absent"


SOURCE = "/api/datasources/proxy/uid/loki/loki/api/v1/labels"


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/api/health", (503, {"database": "failing"}), "is not healthy"),
        ("/api/health", (200, "<html>"), "is not Grafana"),
        (SOURCE, (404, {"message": "Unable to find datasource"}), "the uid loki"),
        (SOURCE, (404, {"message": "Data source not found"}), "no data source"),
        (SOURCE, (502, "bad gateway"), "can't reach its data source loki: it answered 502"),
        (SOURCE, (401, {}), "user:password"),
    ],
)  # fmt: skip
def test_grafana_is_broken(pipeline, path, answer, says):
    """Itself, or one of its data sources."""
    pipeline.others.answers[path] = answer
    hop, words = first(pipeline.walk())
    assert hop == "grafana"
    assert says in words


def test_grafana_is_optional_where_nobody_says_where_it_is(pipeline, monkeypatch, fake):
    """At its usual address, nothing or something else is no fault; where it was named, it is."""
    for url in (dead_url(), fake(otherwise=(200, "<html>somebody's page")).url):
        pipeline.config = replace(pipeline.config, grafana_url=url)
        assert first(pipeline.walk())[0] == "grafana"
        monkeypatch.setattr(grafana, "GRAFANA_URL", url)
        assert pipeline.walk()["grafana"].state == "absent"


def test_a_password_is_not_told(pipeline):
    """An address with a user and a password is printed without them."""
    url = pipeline.others.url
    pipeline.config = replace(pipeline.config, grafana_url=url.replace("//", "//admin:secret@"))
    found = pipeline.walk()
    assert found["grafana"].state == "ok"
    assert "secret" not in repr(found)


def test_time_is_up(pipeline, fake):
    """A server that never answers takes no longer than the walk may; the rest is not looked at."""
    silent = fake()
    silent.hanging = True
    pipeline.config = replace(pipeline.config, app_url=silent.url)
    began = time.monotonic()
    found = pipeline.walk(timeout_s=0.5)
    assert time.monotonic() - began < 5
    hop, words = first(found)
    assert hop == "app"
    assert "--timeout" in words
    assert found["collector"].state == "skipped"


def test_the_page_shows_our_trace(pipeline):
    """Pocket stands for `overlap page` here: it has the same pages."""
    assert "our span's trace is on the page" in pipeline.walk()["page"].seen


def test_the_page_is_broken(pipeline, fake):
    """It is named and does not answer, is something else, or shows another backend's traces."""
    other = fake(otherwise=(200, "<html>somebody's page"))
    for url, says in (
        (dead_url(), "the page does not answer"),
        (other.url, "is not overlap page"),
        (f"{pipeline.pocket_url}/elsewhere", "does not show our span's trace"),
    ):
        pipeline.config = replace(pipeline.config, page_url=url)
        hop, words = first(pipeline.walk())
        assert hop == "page"
        assert says in words


def test_the_page_is_optional_where_nobody_says_where_it_is(pipeline, monkeypatch, fake):
    """At its usual address, nothing or something else is no fault."""
    for url in (dead_url(), fake(otherwise=(200, "<html>somebody's page")).url):
        pipeline.config = replace(pipeline.config, page_url=url)
        monkeypatch.setattr(page, "PAGE_URL", url)
        assert pipeline.walk()["page"].state == "absent"
