"""compose.minimal.yml: the demo alone, for a backend that one has already."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.compose.merging import ROOT, merged

SERVICES = merged("compose.minimal.yml")


def test_what_is_left_is_the_demo_and_what_it_needs():
    """No collector, no backend, no Grafana: those are theirs."""
    assert set(SERVICES) == {
        *("init", "migrate", "app", "worker", "httpbin", "mail", "redis", "postgres"),
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_waits_for_what_is_not_there(name):
    """Compose would refuse the project."""
    assert set(SERVICES[name].get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", ["migrate", "app", "worker", "httpbin", "mail"])
def test_telemetry_goes_where_one_says(name):
    """By OTLP_ENDPOINT; without it, to this machine, by the name that containers have for it."""
    environment = SERVICES[name]["environment"]
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://host.docker.internal:4318"
    assert not environment["OTEL_EXPORTER_OTLP_HEADERS"]
    if name != "migrate":
        assert SERVICES[name]["extra_hosts"] == ["host.docker.internal:host-gateway"]


def test_the_addresses_it_prints_are_those_it_has():
    """No page of a server that is not there."""
    urls = SERVICES["app"]["environment"]["SMOKEHOUSE_URLS"]
    published = {port.split(":")[1] for each in SERVICES.values() for port in each.get("ports", [])}
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", urls)) == published == {"8000", "8001"}


def test_compose_itself_merges_the_two_files():
    """`docker compose config`, where there is one: the same services."""
    docker = shutil.which("docker") or "docker"
    version = [docker, "compose", "version"]
    if (
        not shutil.which("docker")
        or subprocess.run(version, capture_output=True, check=False).returncode
    ):
        return  # nothing else here can read it as compose does
    done = subprocess.run(
        [
            *(docker, "compose", "-f", "docker-compose.yml", "-f", "compose.minimal.yml"),
            *("config", "--format", "json"),
        ],
        cwd=ROOT,
        env={**os.environ, "OTLP_ENDPOINT": "https://otlp.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    services = json.loads(done.stdout)["services"]
    assert set(services) == set(SERVICES)
    endpoint = services["app"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert endpoint == "https://otlp.example"
