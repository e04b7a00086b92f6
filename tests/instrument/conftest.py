"""A sink that speaks OTLP/HTTP, and real servers that send to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import psutil
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SITE = Path(__file__).parent / "site"
DEADLINE_S = 30.0
CALLER = "b7ad6b7169203331"
"""The span id that the tests call from."""
KINDS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}
SERVERS = ("asyncio", "uvloop", "hypercorn")
"""uvicorn on either loop, and another server."""


def until(check, what="it"):
    """Poll until `check()` is truthy, and give that back."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if value := check():
            return value
        time.sleep(0.02)
    pytest.fail(f"not in {DEADLINE_S:.0f} s: {what}")


class Sink:
    """Keeps what it is sent, as plain objects. `status` and `hang` make it a bad backend."""

    def __init__(self):
        self.status = 200
        self.hang = threading.Event()
        self.release = threading.Event()
        self.requests = 0
        self._messages = {path: [] for path in KINDS}
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.requests += 1
                if sink.hang.is_set():
                    sink.release.wait(DEADLINE_S)
                    self.close_connection = True
                    return
                if sink.status == 200:
                    sink._messages[self.path].append(KINDS[self.path].FromString(body))
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # By default the server looks only twice a second whether it shall end.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def spans(self):
        return [
            _span(span, resource.resource)
            for message in [*self._messages["/v1/traces"]]
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def spans_as_sent(self):
        """Every span in one message: protobuf's messages may be joined end to end."""
        return b"".join(each.SerializeToString() for each in self._messages["/v1/traces"])

    @property
    def logs(self):
        return [
            SimpleNamespace(
                body=_value(record.body),
                severity=record.severity_text,
                attributes=_attributes(record.attributes),
                trace_id=record.trace_id.hex(),
                span_id=record.span_id.hex(),
                resource=_attributes(resource.resource.attributes),
            )
            for message in [*self._messages["/v1/logs"]]
            for resource in message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def points(self, name):
        """The data points of a metric in the newest export that has it."""
        for _, metric in self._metrics():
            if metric.name == name:
                data = getattr(metric, metric.WhichOneof("data"))
                return [(_attributes(p.attributes), p) for p in data.data_points]
        return []

    def units(self):
        """The unit of each metric by its name."""
        return {metric.name: metric.unit for _, metric in self._metrics()}

    def senders(self, name):
        """The resources that have sent a metric, the newest first."""
        return [resource for resource, metric in self._metrics() if metric.name == name]

    def exemplars(self, name):
        """The ids of the spans that a metric's exemplars lead to, with each one's value."""
        return {
            (exemplar.trace_id.hex(), exemplar.span_id.hex()): exemplar.as_double or exemplar.as_int
            for _, metric in self._metrics()
            if metric.name == name
            for point in getattr(metric, metric.WhichOneof("data")).data_points
            for exemplar in point.exemplars
        }

    def _metrics(self):
        for message in reversed([*self._messages["/v1/metrics"]]):
            for resource in message.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        yield _attributes(resource.resource.attributes), metric

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def one(self, name):
        """The one span of that name, as soon as it has come."""
        until(lambda: self.named(name), f"a span {name}; there are {self.names()}")
        found = self.named(name)
        assert len(found) == 1, f"{len(found)} spans {name}"
        return found[0]

    def names(self):
        return dict(Counter(span.name for span in self.spans))


def _span(span, resource):
    return SimpleNamespace(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        ms=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        attributes=_attributes(span.attributes),
        events=[(event.name, _attributes(event.attributes)) for event in span.events],
        event_times=[event.time_unix_nano for event in span.events],
        links=[
            SimpleNamespace(span_id=link.span_id.hex(), attributes=_attributes(link.attributes))
            for link in span.links
        ],
        status=span.status.code,
        resource=_attributes(resource.attributes),
    )


def _attributes(pairs):
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


class View:
    """What the shared sink was sent of one trace. Metrics are everybody's."""

    def __init__(self, sink, trace_id):
        self.everybody = self._sink = sink
        self.trace_id = trace_id
        self.points = sink.points

    @property
    def spans(self):
        return [span for span in self._sink.spans if span.trace_id == self.trace_id]

    @property
    def logs(self):
        return [record for record in self._sink.logs if record.trace_id == self.trace_id]

    named, one, names = Sink.named, Sink.one, Sink.names


@pytest.fixture(scope="session")
def shared_sink():
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture
def sink(request):
    """A sink of the test's own where it starts servers; else its own trace in the shared one."""
    if "serve" not in request.fixturenames:
        yield View(request.getfixturevalue("shared_sink"), uuid4().hex)
        return
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture
def own_sink():
    """A sink of the test's own."""
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A function that runs a script in a process of its own: instrumentation is the process's."""
    folder = tmp_path_factory.mktemp("scripts")
    zygote = subprocess.Popen(
        [sys.executable, "-W", "error", Path(__file__).with_name("zygote.py")],
        cwd=SITE,
        env=_environment("http://127.0.0.1:9") | {"PYTHONPATH": str(SITE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(code, endpoint, **env):
        out = folder / uuid4().hex
        asked = {
            "code": textwrap.dedent(code),
            "env": _environment(endpoint) | env,
            "out": str(out),
        }
        zygote.stdin.write(json.dumps(asked) + "\n")
        zygote.stdin.flush()
        status = zygote.stdout.readline().strip()
        assert status == "0", out.read_text()

    yield run
    zygote.stdin.close()
    zygote.wait(DEADLINE_S)
    zygote.stdout.close()


@pytest.fixture
def wait_until():
    return until


class Server:
    """One uvicorn process that serves the little site."""

    def __init__(self, process, url, log, headers=None):
        self.process = process
        self.url = url
        self._log = log
        # A context for TLS that nobody needs takes longer than most tests.
        self.client = httpx.Client(
            base_url=url,
            timeout=DEADLINE_S,
            headers=headers,
            verify=False,  # noqa: S501  plain HTTP on loopback
            trust_env=False,
        )

    def within(self, trace_id):
        """The same server, each request of which belongs to one trace."""
        headers = {"traceparent": f"00-{trace_id}-{CALLER}-01"}
        return Server(self.process, self.url, self._log, headers)

    def get(self, path, **options):
        return self.client.get(path, **options)

    @property
    def log(self):
        return self._log.read_text()

    def stop(self, how=signal.SIGTERM):
        """Send a signal, wait for the end, and give back how long it took, in seconds."""
        self.client.close()
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(DEADLINE_S)
        return time.monotonic() - began


@pytest.fixture(scope="session")
def starter(tmp_path_factory, shared_sink):
    """A function that starts a server which sends to the shared sink."""
    with starting(tmp_path_factory.mktemp("shared"), shared_sink) as start:
        yield start


@pytest.fixture(scope="session")
def shared_servers(starter):
    """A function that gives the one server of each kind, started at its first use."""
    return cache(lambda kind: starter(by=kind) if kind in COMMANDS else starter(loop=kind))


@pytest.fixture
def server(request, shared_servers, sink):
    """The shared server, its requests in this test's trace. Its parameter: one of SERVERS."""
    server = shared_servers(getattr(request, "param", "asyncio")).within(sink.trace_id)
    yield server
    server.client.close()


@pytest.fixture
def serve(tmp_path, sink):
    """A function that starts a server; all are ended after the test, by their pid."""
    with starting(tmp_path, sink) as start:
        yield start


@contextmanager
def starting(tmp_path, sink):
    """Start servers that send to a sink; end them, by their pid."""
    servers = []

    def start(*options, by="uvicorn", cwd=SITE, env=None, before=(), **named):
        port = _free_port()
        log = tmp_path / f"server-{len(servers)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*before, sys.executable, "-m", *COMMANDS[by](port, **named), *options],
                cwd=cwd,
                env=_environment(sink.url) | (env or {}),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        server = Server(process, f"http://127.0.0.1:{port}", log)
        servers.append(server)
        until(lambda: _is_up(server), "the server's first answer")
        return server

    yield start
    for server in servers:
        server.client.close()
        _end(server.process)


def _end(process):
    """Kill a server and the workers it started: those would live on."""
    if process.poll() is None:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()


def _uvicorn(port, loop="asyncio", app="smokesite.asgi:application"):
    return ["uvicorn", app, "--port", str(port), "--loop", loop]


def _hypercorn(port, app="smokesite.asgi:application", workers=1):
    bind = ("--bind", f"127.0.0.1:{port}", "--workers", str(workers))
    return ["hypercorn", app, *bind, "--graceful-timeout", "1"]


def _granian(port, app="smokesite.asgi:application"):
    return ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), app]


def _daphne(port, app="smokesite.asgi:application"):
    return ["daphne", "--bind", "127.0.0.1", "--port", str(port), app]


def _gunicorn(port, app="smokesite.asgi:application"):
    worker = ("--worker-class", "uvicorn_worker.UvicornWorker", "--no-control-socket")
    return ["gunicorn", app, "--bind", f"127.0.0.1:{port}", *worker]


def _waitress(port, app="smokesite.wsgi:application"):
    return ["waitress", "--host", "127.0.0.1", "--port", str(port), app]


COMMANDS = {
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "granian": _granian,
    "daphne": _daphne,
    "gunicorn": _gunicorn,
    "waitress": _waitress,
}


def _environment(endpoint):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return kept | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_METRIC_EXPORT_INTERVAL": "150",
        "OTEL_BSP_SCHEDULE_DELAY": "40",
        "OTEL_BLRP_SCHEDULE_DELAY": "40",
        "OVERLAP_LOG_FORMAT": "json",
        "DJANGO_SETTINGS_MODULE": "smokesite.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _is_up(server):
    assert server.process.poll() is None, server.log
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", int(server.url.rpartition(":")[2]))) == 0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
