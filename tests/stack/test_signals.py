"""The signals behind a lesson are linked: logs, exemplars, Monitor tab, service graph, rules."""

import json
import re
import time
from pathlib import Path

import pytest
import yaml

OTEL = Path(__file__).resolve().parents[2] / "otel"
RULES = [
    rule
    for group in yaml.safe_load((OTEL / "rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]


@pytest.mark.loki
def test_log_lines_are_found_by_their_trace(played, demo, poll):
    """Each thing the smoking says is one record in Loki, with its trace's id and its span's."""
    result = played["smoke_some_meats"]
    expr = f'{{service_name="smokehouse"}} | trace_id="{result.trace_id}"'
    said = [event.name for span in result.trace.spans for event in span.events]
    streams = poll(lambda: sum(len(each["values"]) for each in demo.lines(expr)) >= len(said) and
                   demo.lines(expr))  # fmt: skip
    lines = [line for stream in streams for _, line in stream["values"]]
    assert sorted(lines) == sorted(said)
    spans = {span.span_id for span in result.trace.spans}
    assert {stream["stream"]["span_id"] for stream in streams} <= spans


def test_an_exemplar_leads_to_a_stored_trace(played, demo, poll):
    """From a point of the duration histogram one gets to a trace that Jaeger has."""
    end = time.time()
    asked = {
        "query": "http_server_request_duration_seconds_bucket",
        "start": str(end - 3600),
        "end": str(end + 60),
    }
    series = poll(lambda: demo.get("prometheus", "/api/v1/query_exemplars", **asked)["data"])
    ids = {item["labels"]["trace_id"] for each in series for item in each["exemplars"]}
    assert any(demo.trace(trace_id).spans for trace_id in ids)


def test_monitor_tab_has_data(played, demo, poll):
    """Jaeger's own SPM reads the calls that spanmetrics counted, by service and operation."""
    asked = {"service": "smokehouse", "groupByOperation": "true", "lookback": "3600000",
             "quantile": "0.95", "ratePer": "600000", "step": "5000"}  # fmt: skip
    for what in ("calls", "latencies", "errors"):
        answer = poll(
            lambda what=what: demo.get("jaeger", f"/api/metrics/{what}", **asked)["metrics"]
        )
        operations = {
            label["value"] for metric in answer for label in metric["labels"]
            if label["name"] == "operation"
        }  # fmt: skip
        assert operations, what
        if what == "calls":
            assert "GET /smoke_some_meats/" in operations


@pytest.mark.parametrize("edge", [("smokehouse", "httpbin"), ("smokehouse", "smokehouse-worker")])
def test_service_graph_has_the_edge(played, demo, poll, edge):
    """Who calls whom is told by the spans alone."""
    client, server = edge
    expr = f'traces_service_graph_request_total{{client="{client}",server="{server}"}}'
    assert poll(lambda: demo.query(expr))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("record") or rule["alert"])
def test_rule_has_data(played, demo, poll, rule):
    """What a rule looks at is there once the lessons were played: of an alert, its left side."""
    expr = re.split(r"\s>\s", rule["expr"])[0] if "alert" in rule else rule["record"]
    assert poll(lambda: demo.query(expr))


def test_prometheus_evaluates_every_rule(demo):
    """No rule has an error."""
    groups = demo.get("prometheus", "/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(RULES)
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []


def test_a_blocked_loop_fires_its_alert(played, demo, poll):
    """burn_some_meats held the loop long enough for the alert to say so."""
    seen = 'ALERTS{alertname="EventLoopBlocked",alertstate="firing"}'
    assert poll(lambda: demo.query(f"max_over_time({seen}[1h])"))


def test_jaegers_links_lead_to_dashboards_there_are(root):
    """Every link of Jaeger's UI goes to the demo, to Explore, or to a committed dashboard."""
    text = (root / "otel" / "jaeger-ui.json").read_text()
    uids = {
        json.loads(path.read_text())["uid"] for path in (root / "grafana/dashboards").glob("*.json")
    }
    links = re.findall(r"http://127\.0\.0\.1:(\d+)(/[^\"]*)", text)
    assert links
    for port, path in links:
        assert port in {"3000", "8000", "8004"}
        if port == "8004":
            assert path == "/" or path.startswith("/trace/#{traceID}")
        elif path.startswith("/d/"):
            assert re.match(r"/d/([\w-]+)", path)[1] in uids
        else:
            assert path == "/" or path.startswith("/explore?")
