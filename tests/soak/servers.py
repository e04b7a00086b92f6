"""The processes of a soak: pocket, the app, the bare server beside it, perhaps a collector."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.soak.backend import Backend
from tests.soak.collector import Collector

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAX_SPANS = 1000
FILLED = 5000
"""Spans, each a trace of its own, with which pocket is filled before the soak begins."""


class Servers:
    """Everything that runs."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        *,
        survey_minutes: int,
        collects: bool = False,
        endpoint: str | None = None,
    ) -> None:
        self.folder, self._stack = folder, stack
        self.pocket, lines = self._start(
            "pocket", "-m", "overlap", "pocket", "--port=0", "--otlp-port=0",
            f"--max-spans={MAX_SPANS}", f"--survey-minutes={survey_minutes}", wait=True,
        )  # fmt: skip
        otlp, self.page = re.findall(r"http://\S+", lines)
        _fill(otlp)
        self.backend = Backend(otlp)
        self.collector: Collector | None = None
        if collects:
            self.collector = stack.enter_context(Collector(folder, self.backend))
            self.collector.start("collector")
            self.collector.wait("collector")
            endpoint = self.collector.url("otlp_http")
        self.count = folder / "count"
        self.count.write_bytes(bytes(8))
        self.app, self.app_url = self._serve(
            "app",
            "soaksite.asgi:application",
            {
                "PYTHONPATH": f"{HERE / 'site'}:{ROOT / 'tests' / 'instrument' / 'site'}:{ROOT}",
                "DJANGO_SETTINGS_MODULE": "soaksite.settings",
                "SOAK_COUNT": str(self.count),
                "SOAK_DATABASE": str(folder / "db.sqlite3"),
                "OVERLAP_LOG_FORMAT": "json",
                "OVERLAP_JOURNAL_DIR": str(folder / "journal"),
                "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint or self.backend.url,
            },
        )
        self.control, self.control_url = self._serve(
            "control", "tests.soak.control:application", {"PYTHONPATH": str(ROOT)}
        )

    def log(self, name: str) -> str:
        """Return what a process has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def received_by_pocket(self) -> int:
        """Return how many spans pocket says that it received, without those it was filled with."""
        page = httpx.get(self.page, trust_env=False, timeout=30).text
        (spans,) = re.findall(r"<b>([\d,]+)</b> spans, <b>", page)
        return int(spans.replace(",", "")) - FILLED

    def _serve(self, name: str, app: str, env: dict[str, str]) -> tuple[subprocess.Popen, str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ("--port", str(port), "--no-access-log")
        process, _ = self._start(name, "-m", "uvicorn", app, *options, env=env)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/", trust_env=False)
                return process, url
            except httpx.TransportError:
                assert time.monotonic() < deadline, self.log(name)
                assert process.poll() is None, self.log(name)
                time.sleep(0.1)

    def _start(
        self, name: str, *arguments: str, wait: bool = False, env: dict[str, str] | None = None
    ) -> tuple[subprocess.Popen, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
        with (self.folder / f"{name}.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                env=clean | {"PYTHONUNBUFFERED": "1"} | (env or {}),
            )  # fmt: skip
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        deadline = time.monotonic() + 60
        while wait and self.log(name).count("http://") < 2:
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.1)
        return process, self.log(name)


def _fill(otlp: str) -> None:
    """Fill what pocket bounds: traces, the ids of those it dropped, log lines."""
    kind = {"content-type": "application/x-protobuf"}
    for _ in range(5):
        spans, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
        kept = spans.resource_spans.add().scope_spans.add().spans
        lines = logs.resource_logs.add().scope_logs.add().log_records
        for _ in range(FILLED // 5):
            trace_id = os.urandom(16)
            kept.add(trace_id=trace_id, span_id=os.urandom(8), name="full")
            lines.add(trace_id=trace_id).body.string_value = "a line of some length " * 4
        for path, message in (("traces", spans), ("logs", logs)):
            body = message.SerializeToString()
            httpx.post(f"{otlp}/v1/{path}", content=body, headers=kind).raise_for_status()
