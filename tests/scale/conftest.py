"""The set-up of compose.scale.yml as processes, once for all tests."""

import os
from pathlib import Path

import pytest

from otel.native.jars import why_no_java
from otel.native.scale.places import ScalePorts
from otel.native.scale.proof import SETTINGS
from otel.native.scale.stack import ScaleStack


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("scale")
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def scale(tmp_path_factory):
    """Kafka, Cassandra, Jaeger, Prometheus, four collectors, a proxy and three hosts of the app."""
    if (why := why_no_java()) is not None:
        pytest.skip(f"Kafka and Cassandra need Java and Maven, and {why}")
    if os.uname().sysname != "Linux":
        pytest.skip("only Linux has three addresses on loopback")
    folder = tmp_path_factory.mktemp("scale")
    with ScaleStack(folder, ScalePorts.free(), settings=SETTINGS, tee=True) as stack:
        stack.start_all()
        yield stack
