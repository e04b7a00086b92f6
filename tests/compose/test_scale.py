"""compose.scale.yml: two tiers of collectors, three hosts of the app, Kafka and Cassandra."""

import re
import tomllib

import pytest
import yaml

from tests.compose.merging import ROOT, load, merged

SERVICES = merged("compose.scale.yml")
ADDED = sorted(set(SERVICES) - set(load("docker-compose.yml")))
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_what_is_added():
    """The demo of one machine, without its one collector."""
    assert "collector" not in SERVICES
    assert set(ADDED) == {
        *("proxy", "app-2", "app-3", "gateway-1", "gateway-2", "kafka"),
        *("sampler-a", "sampler-b", "cassandra"),
    }


@every_service
def test_nothing_waits_for_what_is_not_there(name):
    """Compose would refuse the project."""
    assert set(SERVICES[name].get("depends_on", {})) <= set(SERVICES)


@every_service
def test_telemetry_goes_to_the_proxy(name):
    """To no collector by name: the proxy leaves out the gateway that is away."""
    environment = SERVICES[name].get("environment") or {}
    endpoint = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    assert endpoint in (None, "http://proxy:4318")


@pytest.mark.parametrize("name", ADDED)
def test_each_has_limits_and_little_else(name):
    """As in the other file; Cassandra's start alone writes outside of its volume."""
    each = SERVICES[name]
    assert each["mem_limit"]
    assert each["pids_limit"]
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert each["read_only"] is (name != "cassandra")
    assert each.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert each["restart"] == "unless-stopped"
    assert "healthcheck" in each


@every_service
def test_ports_are_published_on_loopback_only(name):
    """The proxy has the app's and the collector's."""
    ports = SERVICES[name].get("ports") or []
    assert all(str(port).startswith("127.0.0.1:") for port in ports)
    if name == "proxy":
        assert [port.split(":")[2] for port in ports] == ["8000", "4318"]
    if name in ("app", "app-2", "app-3"):
        assert ports == []


def test_each_host_of_the_app_has_a_name_and_a_disk_of_its_own():
    """A journal that three containers share would mix up their processes."""
    hosts = [SERVICES[name] for name in ("app", "app-2", "app-3")]
    names = [each["environment"]["OTEL_RESOURCE_ATTRIBUTES"] for each in hosts]
    assert names == ["host.name=app-1", "host.name=app-2", "host.name=app-3"]
    disks = [next(v for v in each["volumes"] if v.endswith(":/data")) for each in hosts]
    assert len(set(disks)) == len(hosts)


def test_both_samplers_read_everything():
    """Two groups; the edges of the service graph are stored once."""
    a, b = (SERVICES[name]["environment"] for name in ("sampler-a", "sampler-b"))
    assert a["SAMPLER_GROUP"] != b["SAMPLER_GROUP"]
    assert "SAMPLER_METRICS" not in a
    assert b["SAMPLER_METRICS"] == "[nop]"


def test_the_second_group_outlasts_kafka():
    """A minute without it, its start, and the time until it is tried again."""
    a, b = (
        int(SERVICES[name]["environment"]["DECISION_WAIT"].rstrip("s"))
        for name in ("sampler-a", "sampler-b")
    )
    assert a <= 30
    assert b >= 60 + 30


@every_service
def test_files_that_are_named_are_in_the_image(name):
    """At the paths at which init.sh puts them."""
    words = map(str, SERVICES[name].get("command") or [])
    for path in re.findall(r"/stack/(otel/\S+)", " ".join(words)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", ["kafka", "cassandra", "gateway", "caddy"])
def test_versions_are_those_of_the_native_servers(name):
    """`make test-scale` runs what the file names."""
    server = tomllib.loads((ROOT / "otel/native/servers.toml").read_text("utf-8"))[name]
    service = {"gateway": "gateway-1", "caddy": "proxy"}.get(name, name)
    assert SERVICES[service]["image"] == f"{server['image']}:{server['tag']}"


@pytest.mark.parametrize("manifest", ["collector-builder.yaml", "gateway-builder.yaml"])
def test_the_manifests_agree_with_the_version(manifest):
    """Of the components that have the collector's version."""
    servers = tomllib.loads((ROOT / "otel/native/servers.toml").read_text("utf-8"))
    version = next(s["version"] for s in servers.values() if s.get("manifest") == manifest)
    parts = yaml.safe_load((ROOT / "otel/native" / manifest).read_text("utf-8"))
    assert parts["dist"]["version"] == version.removeprefix("v")
    for group in ("receivers", "processors", "exporters", "connectors", "extensions"):
        for part in parts.get(group, []):
            assert part["gomod"].endswith(f" {version}"), part


def test_the_memory_it_says():
    """The sum of all limits, as the file and the page about production state it."""
    units = {"m": 20, "g": 30}
    total = sum(int(e["mem_limit"][:-1]) << units[e["mem_limit"][-1]] for e in SERVICES.values())
    assert total <= 10.9 * (1 << 30)
    assert "10.9 GiB" in (ROOT / "compose.scale.yml").read_text("utf-8")
