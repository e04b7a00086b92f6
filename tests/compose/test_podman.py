"""compose.podman.yml leaves out what Podman's service refuses, for every service."""

import pytest

from tests.compose.merging import load, merged

SERVICES = merged("compose.podman.yml")


def test_every_service_is_there():
    """It only changes how they are asked, and where their logs are."""
    assert set(SERVICES) == set(load("docker-compose.yml"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_is_left_that_podman_refuses(name):
    """It says: can't set healthcheck.start_interval, and: invalid log driver."""
    changed = load("compose.podman.yml")[name]
    assert SERVICES[name]["logging"] == {"driver": "k8s-file"}
    if "healthcheck" in SERVICES[name]:
        assert changed["healthcheck"] == {"start_interval": None}
        assert not SERVICES[name]["healthcheck"].get("start_interval")
