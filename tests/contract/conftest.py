"""The trace backends that are there to be held to the contract."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

JAEGER = "OVERLAP_TEST_JAEGER"
"""`TRACES_URL,OTLP_URL` of a running Jaeger: the same tests then run against it too."""


@dataclass(frozen=True)
class Addresses:
    """Where a backend is read and written."""

    traces: str
    otlp: str
    badger: bool = False
    """A Jaeger that keeps its traces on Badger. It keeps spans in Jaeger's older model, which has
    no lists (they come back as their JSON text), no attributes of links (but the reference's type)
    and no kinds of operations."""


@pytest.fixture(scope="session", params=["pocket", *(["jaeger"] if os.environ.get(JAEGER) else [])])
def backend(request, tmp_path_factory) -> Iterator[Addresses]:
    """A backend that answers Jaeger's v3 API."""
    if request.param == "jaeger":
        yield Addresses(*os.environ[JAEGER].split(","), badger=True)
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0"],
        cwd=tmp_path_factory.mktemp("contract"), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    otlp, traces = (process.stdout.readline().split()[-1] for _ in range(2))
    yield Addresses(traces, otlp)
    process.terminate()
    process.wait(timeout=15)
    process.stdout.close()
