"""A backend that is missing, failing or silent changes nothing for a request."""

from __future__ import annotations

import socket
import time

import pytest

SAID = "traces can't be delivered"


def dead_endpoint():
    """An address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(params=["missing", "answers 500", "answers 503", "never answers"])
def trouble(request, sink):
    """The environment of a server whose backend is in trouble."""
    if request.param == "missing":
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": dead_endpoint()}
    if request.param == "never answers":
        sink.hang.set()
    else:
        sink.status = int(request.param.split()[1])
    return {}


def test_requests_go_on_it_is_said_once_and_the_end_is_soon(serve, trouble, wait_until):
    """No request waits, no line repeats, and SIGTERM ends the process within seconds."""
    short = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"}
    server = serve(env=trouble | short)
    began = time.monotonic()
    while SAID not in server.log:
        assert server.get("/").status_code == 200
        assert time.monotonic() - began < 20, server.log
    for _ in range(20):
        assert server.get("/").status_code == 200
    took = server.stop()
    assert took < 6
    for signal in ("traces", "metrics", "logs"):
        assert server.log.count(f"{signal} can't be delivered") <= 1
    assert "were not delivered to the end" in server.log
    for noise in (
        "already shutdown",
        "Traceback",
        "Failed to export",
        "Transient error",
        "Exception while exporting",
    ):
        assert noise not in server.log


def test_what_was_dropped_is_said_when_it_works_again(serve, sink, wait_until):
    """One line when it fails, one with the count when it comes through, and a metric."""
    sink.status = 500
    server = serve()
    server.get("/")
    wait_until(lambda: SAID in server.log)
    sink.status = 200
    server.get("/meats/1/")
    wait_until(lambda: "traces are delivered again" in server.log)
    points = wait_until(
        lambda: [
            p
            for a, p in sink.points("overlap.telemetry.dropped")
            if a["overlap.signal"] == "traces" and p.as_int
        ]
    )
    assert points[0].as_int >= 1
    assert server.log.count(SAID) == 1


def test_a_full_queue_is_counted(serve, sink, wait_until):
    """What the queue can't hold while nobody answers is counted too."""
    sink.hang.set()
    server = serve(
        env={
            "OTEL_BSP_MAX_QUEUE_SIZE": "4",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:9",
        }
    )
    for _ in range(20):
        server.get("/")
    wait_until(lambda: "the queue is full" in server.log)
    assert "Queue full" not in server.log
