"""A backend that comes and goes, counts what it accepts, and hands it on to pocket."""

import gzip
import queue
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PHASES = (
    ("well", 12.0),
    ("answers 500", 4.0),
    ("well", 8.0),
    ("hangs", 4.0),
    ("well", 8.0),
    ("answers 429", 4.0),
)
"""What it does, and for how many seconds, again and again."""
LATE_S = 1.0
"""An answer after this long may be too late: the spans may be counted as dropped, too."""


class Backend:
    """Accepts OTLP while it is well."""

    def __init__(self, forward_to: str) -> None:
        self.received = 0
        self.late = 0
        """Spans that were received, and whose sender may have given up waiting for the answer."""
        self.active_requests: float | None = None
        self.phase = "well"
        self._is_over = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._queue: queue.Queue[tuple[str, bytes]] = queue.Queue()
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                began = time.monotonic()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                phase = backend.phase
                if phase == "hangs":
                    backend._stopped.wait(6)
                    self.close_connection = True
                    return
                if backend._is_gone(self.connection):
                    self.close_connection = True  # it has counted these spans as dropped
                    return
                status = 200 if phase == "well" else int(phase.split()[1])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if status == 200:
                    if self.headers["Content-Encoding"] == "gzip":
                        body = gzip.decompress(body)
                    # Prometheus and Loki have OTLP below a path of their own.
                    path = self.path[self.path.rindex("/v1/") :]
                    backend.accept(path, body, time.monotonic() - began)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        for target in (self._server.serve_forever, self._change, lambda: self._forward(forward_to)):
            threading.Thread(target=target, daemon=True).start()

    @staticmethod
    def _is_gone(connection: socket.socket) -> bool:
        """Return whether the sender has given up waiting for the answer."""
        try:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def accept(self, path: str, body: bytes, took: float) -> None:
        if path == "/v1/traces":
            message = ExportTraceServiceRequest.FromString(body)
            spans = sum(len(s.spans) for r in message.resource_spans for s in r.scope_spans)
            with self._lock:
                self.received += spans
                self.late += spans if took > LATE_S else 0
        elif path == "/v1/metrics":
            self._look(ExportMetricsServiceRequest.FromString(body))
        self._queue.put((path, body))

    def _look(self, message: ExportMetricsServiceRequest) -> None:
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "http.server.active_requests":
                        points = metric.sum.data_points
                        self.active_requests = sum(p.as_int or p.as_double for p in points)

    def stay_well(self) -> None:
        """End the phases: from now on everything is accepted."""
        self._stopped.set()
        self.phase = "well"

    def hand_on(self) -> None:
        """Wait until pocket has everything that was accepted. Then it may end."""
        self._queue.join()
        self._is_over = True

    def _change(self) -> None:
        for phase, seconds in cycle(PHASES):
            self.phase = phase
            if self._stopped.wait(seconds):
                self.phase = "well"
                return

    def _forward(self, url: str) -> None:
        kind = {"content-type": "application/x-protobuf"}
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while True:
                path, body = self._queue.get()
                try:
                    client.post(path, content=body, headers=kind).raise_for_status()
                except httpx.TransportError:
                    if not self._is_over:
                        raise
                self._queue.task_done()
