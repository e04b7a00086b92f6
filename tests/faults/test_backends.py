"""A backend in trouble: requests are answered, what is lost is counted, and one line says so."""

import re
import time

import pytest

from tests.faults.backends import Backend, dead_endpoint
from tests.faults.rows import BACKENDS, row

pytestmark = pytest.mark.faults
WRONG = {
    "refuses": dead_endpoint,
    "name": lambda: "http://collector.invalid:4318",
    "url": lambda: "127.0.0.1:[",
    "scheme": lambda: "grpc://127.0.0.1:4317",
}


@pytest.fixture(params=[each.name for each in BACKENDS])
def fault(request):
    return request.param


@pytest.fixture
def backend(fault):
    if fault in WRONG:
        yield None
        return
    made = Backend(fault)
    yield made
    made.close()


def test_a_backend_in_trouble(serve, fault, backend, wait_until):
    """Only traces go there: no request waits, one line says it, and the end says how many."""
    server = serve(
        env={
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": backend.url if backend else WRONG[fault](),
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5",
        }
    )
    sent = 0
    said = row(fault).said
    began = time.monotonic()
    while (said not in server.log) if said else sent < 20:
        asked = time.monotonic()
        assert server.get("/").status_code == 200
        assert time.monotonic() - asked < 5
        sent += 1
        assert time.monotonic() - began < 40, server.log
        time.sleep(0.02)
    assert server.stop() < 8
    assert server.log.count("traces can't be delivered") == (1 if said else 0)
    for noise in ("Traceback", "Failed to export", "Transient error"):
        assert noise not in server.log
    if said:
        lost = re.search(
            r"traces (?:were not delivered to the end|are delivered again) .*; (\d+) dropped",
            server.log,
        )
        assert lost, server.log
        assert int(lost[1]) >= 1
    if fault == "redirects":
        assert backend.followed == 0
