"""`python -m tests.soak`: run the soak and judge it; exit status 1 where a check fails."""

import argparse
import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.soak.backend import Backend
from tests.soak.measure import Process, p99
from tests.soak.traffic import Seen, run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GROWTH = 1.05
"""RSS at the end over that at a fifth of the time."""
SLOWER = 2.0
"""p99 of light requests in the last fifth over that of the second; less than 100 ms more is none."""
SETTLES_S = 6.0
PATIENCE_S = 30.0
"""For idle threads and connections to end."""
ALLOWED = {"threads": 8, "fds": 3, "fds of pocket": 3, "threads of pocket": 4, "connections": 2}
"""More than before that is none: asyncio's own pool of six and asgiref's thread, a connection kept."""
_EXPECTED = re.compile(
    r"RuntimeError: (too hot|out of wood)|Internal Server Error: /boom/|no charcoal|Not Found|"
    r"background task failed|Task was destroyed|can't be delivered|delivered again|delivered to the end"
)
"""Errors that the traffic asks for."""
_ERROR = re.compile(r'Traceback|"level": "(error|critical)"|ERROR')
_BLOCKS = re.compile(r"\n(?=\{|[A-Z]+:  )")
"""Where a line of the log begins: JSON, or uvicorn's own, with the traceback below it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--endpoint", help="send there, a collector for instance, and count nothing"
    )
    options = parser.parse_args()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        return Soak(options, Path(folder), stack).run()


class Soak:
    def __init__(self, options: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self.seconds, self.folder, self.stack = options.minutes * 60, folder, stack
        self.failed: list[str] = []
        pocket, lines = self._start(
            "pocket", "-m", "overlap", "pocket", "--port=0", "--otlp-port=0", "--max-spans=1000"
        )
        otlp, self.page = re.findall(r"http://\S+", lines)
        _fill(otlp)
        self.backend = Backend(otlp)
        self.is_counted = options.endpoint is None
        self.count = folder / "count"
        self.count.write_bytes(bytes(8))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        site = HERE / "site"
        self.server, _ = self._start(
            "server", "-m", "uvicorn", "soaksite.asgi:application", "--port", str(port), "--no-access-log",
            wait=False, cwd=site,
            env={
                "PYTHONPATH": f"{site}:{ROOT / 'tests' / 'instrument' / 'site'}:{ROOT}",
                "DJANGO_SETTINGS_MODULE": "soaksite.settings", "SOAK_COUNT": str(self.count),
                "SOAK_DATABASE": str(folder / "db.sqlite3"), "OVERLAP_LOG_FORMAT": "json",
                "OVERLAP_JOURNAL_DIR": str(folder / "journal"), "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
                "OTEL_EXPORTER_OTLP_ENDPOINT": options.endpoint or self.backend.url,
            },
        )  # fmt: skip
        self.watched = [Process("server", self.server.pid), Process("pocket", pocket.pid)]
        self.pocket = pocket

    def run(self) -> int:
        self._wait_up()
        before = self._rest()
        began = time.monotonic()
        seen = Seen()
        asyncio.run(self._traffic(began + self.seconds, seen))
        ended = time.monotonic()
        self.backend.stay_well()
        after = self._rest()
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_back(before, after) and time.monotonic() < deadline:
            after = self._rest()
        self._judge_growth(began, ended, seen)
        self._judge_left_over(before, after)
        for process in (self.server, self.pocket):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self._judge_counts(seen)
        for sentence in self.failed:
            print(f"FAILED: {sentence}")
        print("all as it should be" if not self.failed else f"{len(self.failed)} checks failed")
        return min(len(self.failed), 1)

    async def _traffic(self, until: float, seen: Seen) -> None:
        traffic = asyncio.create_task(run(self.url, until, seen))
        pages = asyncio.create_task(self._look_at_pages(until))
        while time.monotonic() < until and not traffic.done():
            for process in self.watched:
                process.sample()
            await asyncio.sleep(min(2.0, max(0.1, until - time.monotonic())))
        await asyncio.gather(traffic, pages)

    async def _look_at_pages(self, until: float) -> None:
        async with httpx.AsyncClient(base_url=self.page, timeout=30, trust_env=False) as client:
            while time.monotonic() < until:
                for path in ("/", "/traces", "/ledger", "/metrics", "/api/v3/services"):
                    answer = await client.get(path)
                    if answer.status_code != 200:
                        self.failed.append(f"pocket's {path} is {answer.status_code}")
                with suppress(TimeoutError):  # a page that listens, and is closed
                    await asyncio.wait_for(client.get("/events"), 0.5)
                await asyncio.sleep(1)

    def _rest(self) -> dict[str, Any]:
        """Wait for what is under way to end; return the server's vital signs at rest."""
        for path in ("/orm/", "/sync-orm/", "/sync/"):
            httpx.get(self.url + path, trust_env=False, timeout=30)
        time.sleep(SETTLES_S)
        found: dict[str, Any] = httpx.get(f"{self.url}/vitals/", trust_env=False).json()
        self.watched[0].sample()
        self.watched[1].sample()
        return found | {"fds": self.watched[0].samples[-1][3], "fds of pocket": self.watched[1].samples[-1][3],
                        "threads of pocket": self.watched[1].samples[-1][2]}  # fmt: skip

    def _judge_growth(self, began: float, ended: float, seen: Seen) -> None:
        for each in self.watched:
            early, late = each.rss(began, ended, 0.2), each.rss(began, ended, 1.0)
            self._check(
                late <= early * GROWTH,
                f"{each.name}: RSS {early / 1e6:.1f} MB at a fifth, {late / 1e6:.1f} MB at the end ({late / early - 1:+.1%})",
            )
        fifth = (ended - began) / 5
        early, late = (
            p99(seen.light, began + fifth, began + 2 * fifth),
            p99(seen.light, ended - fifth, ended),
        )
        self._check(
            late <= early * SLOWER or late - early < 0.1,
            f"p99 of {len(seen.light):,} light requests: {early * 1000:.0f} ms in the second fifth, {late * 1000:.0f} ms in the last",
        )
        self._check(
            not seen.unexpected,
            f"{seen.requests:,} requests, {len(seen.unexpected)} unexpected {seen.unexpected[:5]}",
        )

    @staticmethod
    def _is_back(before: dict[str, Any], after: dict[str, Any]) -> bool:
        return all(after[name] <= before[name] + more for name, more in ALLOWED.items())

    def _judge_left_over(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        for name in ("tasks", *ALLOWED):
            is_back = after[name] <= before[name] + ALLOWED.get(name, 0)
            self._check(is_back, f"{name}: {before[name]} before, {after[name]} after")
        if after["threads"] > before["threads"] + ALLOWED["threads"]:
            print(f"    threads: {after['names']}")
        if self.is_counted:
            active = self.backend.active_requests
            self._check(active == 0, f"http.server.active_requests: {active}")

    def _judge_counts(self, seen: Seen) -> None:
        log = (self.folder / "server.log").read_text(errors="replace")
        (made,) = struct.unpack("<Q", self.count.read_bytes())
        dropped = sum(map(int, re.findall(r"telemetry: traces [^;]*; (\d+) dropped", log)))
        if self.is_counted:
            self._check(
                made == self.backend.received + dropped,
                f"{made:,} spans made = {self.backend.received:,} received + {dropped:,} counted as dropped",
            )
        bad = [
            each
            for each in _BLOCKS.split(log)
            if _ERROR.search(each) and not _EXPECTED.search(each)
        ]
        self._check(
            not bad, f"{len(bad)} unexpected errors in the log {[each[-300:] for each in bad[:3]]}"
        )
        said = (self.folder / "pocket.log").read_text(errors="replace")
        self._check(
            "failed" not in said and "Traceback" not in said,
            f"pocket's log has {said.count(chr(10))} lines",
        )

    def _check(self, is_well: bool, sentence: str) -> None:
        print(f"{'ok' if is_well else '--'}  {sentence}", flush=True)
        if not is_well:
            self.failed.append(sentence)

    def _start(
        self,
        name: str,
        *arguments: str,
        wait: bool = True,
        cwd: Path = ROOT,
        env: dict[str, str] | None = None,
    ):
        log = self.folder / f"{name}.log"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=cwd, stdout=out, stderr=subprocess.STDOUT,
                env=clean | {"PYTHONUNBUFFERED": "1"} | (env or {}),
            )  # fmt: skip
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        deadline = time.monotonic() + 60
        while wait and log.read_text().count("http://") < 2:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return process, log.read_text()

    def _wait_up(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/", trust_env=False)
                return
            except httpx.TransportError:
                assert time.monotonic() < deadline, (self.folder / "server.log").read_text()
                assert self.server.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(0.1)


def _fill(otlp: str) -> None:
    """Fill what pocket bounds: traces, the ids of those it dropped, log lines."""
    kind = {"content-type": "application/x-protobuf"}
    for _ in range(5):
        spans, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
        kept = spans.resource_spans.add().scope_spans.add().spans
        lines = logs.resource_logs.add().scope_logs.add().log_records
        for _ in range(1000):
            trace_id = os.urandom(16)
            kept.add(trace_id=trace_id, span_id=os.urandom(8), name="full")
            lines.add(trace_id=trace_id).body.string_value = "a line of some length " * 4
        for path, message in (("traces", spans), ("logs", logs)):
            body = message.SerializeToString()
            httpx.post(f"{otlp}/v1/{path}", content=body, headers=kind).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
