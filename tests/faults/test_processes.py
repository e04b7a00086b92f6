"""Processes in trouble: signals at a bad moment, forks, clocks that jump, no memory."""

import gzip
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from overlap.judge import verdict
from overlap.trace import read
from tests.faults.rows import row
from tests.fuzz.targets.samples import otlp_protobuf

pytestmark = pytest.mark.faults
LIMIT = 260_000_000
"""Bytes of address space; an idle pocket uses 170 million."""
ROOT = Path(__file__).resolve().parents[2]


def test_sigterm_during_the_drain(serve, sink, wait_until):
    """The second signal changes nothing: the task has its time, and its end is recorded."""
    server = serve(env={"OVERLAP_DRAIN_TIMEOUT_S": "1.5"})
    server.get("/spawn/?kind=long")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(server.get("/wait/?s=0.5").status_code))
    asking.start()
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: row("term").said in server.log)
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    asking.join()
    assert answers == [200]
    assert sink.one("long").attributes["overlap.task.end"] == "cancelled"
    assert "Traceback" not in server.log


def test_sigint_twice(serve, sink, tmp_path, wait_until):
    """uvicorn ends at once: the task is not waited for, its end is recorded, no note is left."""
    folder = tmp_path / "journal"
    server = serve(env={"OVERLAP_JOURNAL_DIR": str(folder), "OVERLAP_DRAIN_TIMEOUT_S": "20"})
    server.get("/spawn/?kind=long")
    cut_off = []
    hanging = threading.Thread(target=_ask, args=(f"{server.url}/sleepy/", cut_off))
    hanging.start()
    time.sleep(1)
    server.process.send_signal(signal.SIGINT)
    wait_until(lambda: "Waiting for connections to close" in server.log)
    began = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    server.process.wait(30)
    assert time.monotonic() - began < 10
    hanging.join()
    # A closed connection, or Django's 500 where its cancelled view is still answered.
    assert cut_off in ([httpx.RemoteProtocolError], [httpx.ReadError], [500])
    assert sink.one("long").attributes["overlap.task.end"] == "cancelled"
    assert row("int").said in server.log
    assert list(folder.iterdir()) == []


def _ask(url, failed):
    try:
        failed.append(httpx.get(url, timeout=30).status_code)
    except httpx.HTTPError as error:
        failed.append(type(error))


def test_a_fork_after_instrument(own_sink, run):
    """Parent and child send their own spans, each once, though both had one in the queue."""
    run(
        """
        import os, overlap
        from opentelemetry import trace
        overlap.instrument()
        tracer = trace.get_tracer("t")
        tracer.start_span("before").end()
        child = fork()
        tracer.start_span("child" if not child else "parent").end()
        if not child:
            overlap.shutdown()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        overlap.shutdown()
        """,
        own_sink.url,
    )
    assert own_sink.names() == {"before": 1, "child": 1, "parent": 1}


@pytest.mark.parametrize("hours", [1, -1])
def test_the_clock_jumps(own_sink, hours):
    """Durations that are metrics come from a clock that does not jump; readers repair the span."""
    # A process of its own: the SDK takes time_ns by its name when it is imported.
    script = f"""
        import time
        real, jumped = time.time_ns, [0]
        time.time_ns = lambda: real() + jumped[0] * 3600 * 10**9
        import asyncio, django, overlap
        overlap.instrument()
        from django.core.asgi import get_asgi_application
        from django.test import AsyncClient
        application = get_asgi_application()
        from opentelemetry import trace

        async def main():
            with trace.get_tracer("t").start_as_current_span("outer"):
                loop = asyncio.get_running_loop()
                loop.call_later(0.1, lambda: jumped.__setitem__(0, {hours}))
                answer = await AsyncClient().get("/wait/", {{"s": "0.3"}})
                assert answer.status_code == 200

        asyncio.run(main())
        overlap.shutdown()
    """
    env = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": own_sink.url,
        "DJANGO_SETTINGS_MODULE": "smokesite.settings",
    }
    site = ROOT / "tests" / "instrument" / "site"
    command = [sys.executable, "-c", textwrap.dedent(script)]
    subprocess.run(command, cwd=site, env=env, check=True, timeout=60)
    span = own_sink.one("GET /wait/")
    assert span.ms == pytest.approx(hours * 3.6e6 + 300, abs=20_000)
    ((_, point),) = own_sink.points("http.server.request.duration")
    assert 0.2 < point.sum < 20
    (trace,) = read(own_sink.spans_as_sent)
    assert verdict(trace).trace_id == span.trace_id


def test_pocket_without_memory(tmp_path):
    """An export that does not fit is refused in one line; the next one is received."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0"],
        cwd=ROOT, env=clean | {"MALLOC_ARENA_MAX": "1"}, preexec_fn=limit, text=True,  # noqa: PLW1509
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        lines = process.stdout.readline() + process.stdout.readline()
        otlp, page = re.findall(r"http://\S+", lines)
        kind = {"content-type": "application/x-protobuf"}
        small = otlp_protobuf()
        assert httpx.post(f"{otlp}/v1/traces", content=small, headers=kind).status_code == 200
        packed = kind | {"content-encoding": "gzip"}
        large = gzip.compress(small * (60_000_000 // len(small)), 1)
        with suppress(httpx.RemoteProtocolError):  # no memory for the answer either
            answer = httpx.post(f"{otlp}/v1/traces", content=large, headers=packed, timeout=60)
            # Pocket's own refusal, Starlette's, or uvicorn's, whose parser of HTTP had no memory.
            assert (answer.status_code, answer.text) in (
                (500, "the request failed; pocket's log says where\n"),
                (500, "Internal Server Error"),
                (400, "Invalid HTTP request received."),
            )
        assert httpx.post(f"{otlp}/v1/traces", content=small, headers=kind).status_code == 200
        assert httpx.get(page, timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert row("memory").said in said
