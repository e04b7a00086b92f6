"""A real app that sends to a real pocket, and one small server in the place of all the others.

Its answers are those of Jaeger 2.13, Prometheus 3.14, Loki 3.7 and Grafana 9.3, cut short. It
hands Jaeger's v3 API on to the pocket. tests/stack walks the pipeline of the real servers.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from overlap.config import NOWHERE, Config
from overlap.doctor import Context, new_client, walk
from overlap.doctor.hops import exemplar, logs, metrics, monitor
from tests.doctor.answers import exemplars, free_port, result

SITE = Path(__file__).parent.parent / "instrument" / "site"
READY_WITHIN_S = 60
COMPOSE_HINT = "docker compose up --detach app"


@contextmanager
def process(command, log, ready_url, cwd=None, **environment):
    """Run one process until the block ends; it answers when the block begins."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=cwd,
            env=kept | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            assert running.poll() is None, log.read_text()
            try:
                httpx.get(ready_url, trust_env=False, timeout=5)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield
    finally:
        running.terminate()
        running.wait(20)


class Fake:
    """A server with an answer for each path; a function as answer is given the request."""

    def __init__(self, answers=(), otherwise=(404, "no such page")):
        self.answers = dict(answers)
        self.otherwise = otherwise
        self.asked, self.released = threading.Event(), threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                fake.asked.set()
                if fake.hanging:
                    fake.released.wait(20)
                    self.close_connection = True
                    return
                path = self.path.partition("?")[0]
                answer = fake.answers.get(path, fake.otherwise)
                status, content = answer(self.path) if callable(answer) else answer
                content = content if isinstance(content, str | bytes) else json.dumps(content)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else content.encode())

            do_POST = do_GET

            def log_message(self, *_arguments):
                """Say nothing."""

        self.hanging = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def fake():
    """A function that starts such a server."""
    started = []

    def fake(*arguments, **named):
        started.append(Fake(*arguments, **named))
        return started[-1]

    yield fake
    for each in started:
        each.close()


@pytest.fixture(scope="session")
def pocket(tmp_path_factory):
    """Where a real pocket listens: OTLP in, the API out. Its hint is that of compose."""
    otlp, page = free_port(), free_port()
    log = tmp_path_factory.mktemp("pocket") / "log"
    command = ["overlap", "pocket", "--otlp-port", str(otlp), "--port", str(page)]
    hint = {"OVERLAP_START_HINT": COMPOSE_HINT}
    with process(command, log, f"http://127.0.0.1:{page}", **hint):
        yield f"http://127.0.0.1:{otlp}", f"http://127.0.0.1:{page}"


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """A function: a context in which the little site is served, and its address."""

    @contextmanager
    def serve(**environment):
        port = free_port()
        log = tmp_path_factory.mktemp("app") / "log"
        command = ["uvicorn", "smokesite.asgi:application", "--port", str(port)]
        environment = {"DJANGO_SETTINGS_MODULE": "smokesite.settings"} | environment
        with process(command, log, f"http://127.0.0.1:{port}", SITE, **environment):
            yield f"http://127.0.0.1:{port}"

    return serve


@pytest.fixture(scope="session")
def app(serve, pocket):
    """The address of a real app whose telemetry goes to the pocket."""
    with serve(OTEL_EXPORTER_OTLP_ENDPOINT=pocket[0], OTEL_BSP_SCHEDULE_DELAY="50") as url:
        yield url


@pytest.fixture
def config(pocket, app):
    """The setup without Docker: an app, a pocket, and nothing else."""
    return Config(
        app_url=app,
        otlp_endpoint=pocket[0],
        traces_url=pocket[1],
        grafana_url=NOWHERE,
        page_url=NOWHERE,
        start_hint="make demo",
    )


class Pipeline:
    """A pipeline on which all hops work, until a test breaks one: `config`, `context`, `others`."""

    def __init__(self, config, others):
        self.pocket_url = config.traces_url
        self.others = others
        url = others.url
        self.config = replace(
            config,
            traces_url=url,
            prometheus_url=url,
            loki_url=url,
            grafana_url=url,
            page_url=config.traces_url,
        )
        self.context = None
        others.answers = {
            "/api/metrics/calls": (200, {"metrics": [{"labels": [], "metricPoints": [{}]}]}),
            "/api/v1/query": (200, result([{"metric": {}, "value": [0, str(time.time() + 60)]}])),
            "/api/v1/query_exemplars": lambda _path: (200, exemplars(self.context.asked)),
            "/loki/api/v1/query_range": (200, result([{"stream": {}, "values": [["0", "here"]]}])),
            "/api/health": (200, {"database": "ok", "version": "9.3.2"}),
            "/api/datasources/proxy/uid/jaeger/api/v3/services": (200, {"services": []}),
            "/api/datasources/proxy/uid/prometheus/api/v1/query": (200, {"status": "success"}),
            "/api/datasources/proxy/uid/loki/loki/api/v1/labels": (200, {"status": "success"}),
        }
        others.otherwise = self._jaeger

    def _jaeger(self, path):
        if not path.startswith("/api/v3/"):
            return 404, "page not found"
        answer = httpx.get(self.pocket_url + path, trust_env=False)
        return answer.status_code, answer.content

    def walk(self, timeout_s=60, path="/"):
        """Walk it; gives back what was found, by hop."""

        async def all_of_it():
            async with new_client() as client:
                self.context = Context(self.config, client, path, stored_within_s=1.5)
                return {each.hop: each async for each in walk(self.context, timeout_s)}

        return asyncio.run(all_of_it())


@pytest.fixture
def pipeline(config, fake, monkeypatch):
    """A whole pipeline. What does not come is not waited for as long as for a user."""
    for hop in (logs, metrics, exemplar, monitor):
        monkeypatch.setattr(hop, "WITHIN_S", 0.2)
    return Pipeline(config, fake())
