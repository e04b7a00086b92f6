"""The process: its ports, its end, and a burst."""

import secrets
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@pytest.mark.parametrize("option", ["--port", "--otlp-port"])
def test_a_port_in_use_is_one_sentence(option, tmp_path):
    """It says which port, whose it is, and how to choose another; exit status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--port": 0, "--otlp-port": 0} | {option: port}
        ran = subprocess.run(
            [sys.executable, "-m", "overlap", "pocket", *(f"{k}={v}" for k, v in ports.items())],
            capture_output=True, text=True, cwd=tmp_path, timeout=30, check=False,
        )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert f"port {port} is in use" in ran.stderr
    assert f"choose another with {option}" in ran.stderr
    if sys.platform == "linux":
        assert "(pid " in ran.stderr


def test_ctrl_c_ends_it_with_pages_open(helpers, tmp_path):
    """An open event stream does not hold it up, and no traceback is shown."""
    pocket = helpers.start_pocket(tmp_path)
    with httpx.stream("GET", f"{pocket.page}/events", timeout=10) as stream:
        assert next(stream.iter_text()).startswith("retry")
        assert pocket.interrupt() == 0
    output = pocket.process.stdout.read()
    pocket.process.stdout.close()
    assert "Traceback" not in output


def test_without_scenarios_the_page_says_how_to_name_them(helpers, tmp_path):
    """No project, no scenarios: the page still works."""
    pocket = helpers.start_pocket(tmp_path)
    try:
        answer = httpx.get(pocket.page)
        assert answer.status_code == 200
        assert "[tool.overlap]" in answer.text
    finally:
        pocket.interrupt()
        pocket.process.stdout.close()


def test_scenarios_that_break_do_not_stop_it(helpers, tmp_path):
    """A scenarios module with an error in it is told on the page; traces come in all the same."""
    (tmp_path / "pocket_scenarios_broken.py").write_text("1 / 0")
    pocket = helpers.start_pocket(tmp_path, OVERLAP_SCENARIOS="pocket_scenarios_broken:SCENARIOS")
    try:
        assert "ZeroDivisionError" in httpx.get(pocket.page).text
        pocket.send(helpers.span())
    finally:
        pocket.interrupt()
        pocket.process.stdout.close()


def test_a_burst_is_taken_whole(pocket):
    """Thirty senders at once, 15,000 spans: every one of them is in the traces they belong to."""
    before = _kept(pocket, "burst")
    assert before == 0
    bodies = [_batch(500) for _ in range(30)]
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda body: _send(pocket, body), bodies))
    took = time.monotonic() - began
    assert answers == [b""] * 30, "nothing was refused in part"
    assert _kept(pocket, "burst") == 15_000
    print(f"15,000 spans in {took:.2f} s")


def test_a_huge_trace_on_view_does_not_stop_ingestion(pocket):
    """While 20,000 spans of one trace are judged for the page, spans of others are answered."""
    trace_id = secrets.token_bytes(16)
    for _ in range(10):
        _send(pocket, _batch(2000, trace_id, "huge"))
    done: list[int] = []
    view = threading.Thread(
        target=lambda: done.append(
            httpx.get(f"{pocket.page}/trace/{trace_id.hex()}", timeout=60).status_code
        )
    )
    view.start()
    answered = 0
    while not done:
        _send(pocket, _batch(10, service="small"))
        answered += not done
    view.join()
    assert done == [200]
    assert answered >= 1


def _batch(count: int, trace_id: bytes = b"", service: str = "burst") -> bytes:
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    block.resource.attributes.add(key="service.name").value.string_value = service
    spans = block.scope_spans.add().spans
    several = [secrets.token_bytes(16) for _ in range(5)]
    now = time.time_ns()
    for number in range(count):
        spans.add(
            trace_id=trace_id or several[number % 5], span_id=secrets.token_bytes(8),
            name="step", kind=1, start_time_unix_nano=now + number * 1000,
            end_time_unix_nano=now + number * 1500 + 1000,
        )  # fmt: skip
    return message.SerializeToString()


def _send(pocket, body: bytes) -> bytes:
    headers = {"content-type": "application/x-protobuf"}
    answer = httpx.post(f"{pocket.otlp}/v1/traces", content=body, headers=headers, timeout=30)
    assert answer.status_code == 200
    return answer.content


def _kept(pocket, service: str) -> int:
    answer = httpx.get(
        f"{pocket.page}/api/v3/traces",
        params={
            "query.service_name": service,
            "query.start_time_min": "2000-01-01T00:00:00Z",
            "query.start_time_max": "2100-01-01T00:00:00Z",
            "query.num_traces": "20000",
        },
        timeout=60,
    )
    if answer.status_code == 404:
        return 0
    resources = answer.json()["result"]["resourceSpans"]
    return sum(len(scope["spans"]) for each in resources for scope in each["scopeSpans"])
