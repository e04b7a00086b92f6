"""Data sources with fixed uids, each linked to the others; dashboards read from a folder."""

import json
import re

import pytest
import yaml

from grafana.boards import metrics


def test_the_three_sources_take_their_addresses_from_the_environment(sources):
    """Compose has its host names, a native stack has others."""
    assert {uid: (source["type"], source["url"]) for uid, source in sources.items()} == {
        "jaeger": ("jaeger", "$JAEGER_URL"),
        "prometheus": ("prometheus", "$PROMETHEUS_URL"),
        "loki": ("loki", "$LOKI_URL"),
    }
    assert [uid for uid, source in sources.items() if source.get("isDefault")] == ["prometheus"]


def test_the_sources_are_linked_all_ways(sources):
    """Trace to logs and metrics, exemplar to trace, line to trace."""
    jaeger, prometheus, loki = (
        sources[uid]["jsonData"] for uid in ("jaeger", "prometheus", "loki")
    )
    assert jaeger["nodeGraph"]["enabled"]
    assert jaeger["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert jaeger["tracesToMetrics"]["datasourceUid"] == "prometheus"
    exemplar, verdict = prometheus["exemplarTraceIdDestinations"]
    assert verdict["url"] == "$PAGE_URL/trace/$${__value.raw}"
    assert (exemplar["name"], exemplar["datasourceUid"]) == ("trace_id", "jaeger")
    field, verdict = loki["derivedFields"]
    assert verdict["url"] == "$PAGE_URL/trace/$${__value.raw}"
    assert (field["matcherType"], field["matcherRegex"]) == ("label", "trace_id")
    assert field["datasourceUid"] == "jaeger"
    assert prometheus["timeInterval"] == "5s"


def test_what_grafana_fills_in_has_two_dollars(sources):
    """One dollar is a variable of the environment, and four of those are all there are."""
    text = yaml.safe_dump([*sources.values()], allow_unicode=True)
    single = re.findall(r"(?<!\$)\$(?:\w+|\{\w+)", text)
    assert sorted({*single}) == ["$JAEGER_URL", "$LOKI_URL", "$PAGE_URL", "$PROMETHEUS_URL"]
    logs = sources["jaeger"]["jsonData"]["tracesToLogsV2"]
    assert logs["customQuery"]
    assert logs["query"].endswith('trace_id="$${__trace.traceId}"')
    assert sources["loki"]["jsonData"]["derivedFields"][0]["url"] == "$${__value.raw}"


def test_a_span_is_matched_with_figures_by_a_label_that_prometheus_keeps(root, sources):
    """What Grafana puts for $__tags is a resource attribute that becomes a label."""
    promoted = yaml.safe_load((root / "otel/prometheus.yaml").read_text())["otlp"]
    for tag in sources["jaeger"]["jsonData"]["tracesToMetrics"]["tags"]:
        assert tag["key"] in promoted["promote_resource_attributes"]
        assert tag["value"] == metrics.label(tag["key"])


def test_a_spans_metrics_are_declared_names(sources):
    """The queries behind a span ask for what there is."""
    names = [value for name, value in vars(metrics).items() if name.isupper()]
    known = {f"{name}{part}" for name in names for part in ("", "_bucket", "_count")}
    for query in sources["jaeger"]["jsonData"]["tracesToMetrics"]["queries"]:
        asked = re.findall(r"\b(\w+)\{", query["query"])
        assert set(asked) <= known, query["name"]


@pytest.fixture(scope="module")
def compose(root):
    """Grafana's service in docker-compose.yml."""
    return yaml.safe_load((root / "docker-compose.yml").read_text())["services"]["grafana"]


def test_compose_sets_every_address(compose, sources):
    """A variable that is missing is an empty address, and Grafana does not say so."""
    for source in sources.values():
        assert compose["environment"][source["url"].removeprefix("$")].startswith("http://")
    assert compose["environment"]["PAGE_URL"].startswith("http://127.0.0.1:")


def test_dashboards_are_read_from_where_compose_has_them(root, compose):
    """And are there."""
    text = (root / "grafana/provisioning/dashboards/overlap.yaml").read_text()
    [provider] = yaml.safe_load(text)["providers"]
    assert provider["type"] == "file"
    # The volume's folder has the repository's layout (docker/init.sh).
    volume = next(item for item in compose["volumes"] if item.startswith("configuration:"))
    assert provider["options"]["path"] == f"{volume.split(':')[1]}/grafana/dashboards"


def test_every_trace_in_jaeger_leads_to_its_verdict(root):
    """By the link that the documentation shows."""
    page = (root / "docs/how-to/stack.md").read_text(encoding="utf-8")
    documented = json.loads(re.search(r"```json\n(.*?)\n```", page)[1])
    patterns = json.loads((root / "otel/jaeger-ui.json").read_text())["linkPatterns"]
    assert documented in patterns
    assert documented["type"] == "traces"
    assert documented["url"].endswith("/trace/#{traceID}")
