"""The soak: rest, traffic, rest again; what has grown, what is left over, what was counted."""

import argparse
import asyncio
import re
import signal
import struct
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.soak.drift import Course, Window, drift_of_cpu, drift_of_p99
from tests.soak.measure import Process, p99
from tests.soak.servers import Servers
from tests.soak.traffic import Seen, run

GROWTH = 1.05
"""RSS at the end over that at a fifth of the time."""
COLLECTOR_SETTLES_S = 300.0
"""Go's garbage collector finds the size of its heap meanwhile; a shorter soak shows it only."""
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


class Soak:
    """One run."""

    def __init__(self, options: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self.seconds, self.clients = options.minutes * 60, options.clients
        self.failed: list[str] = []
        # Pocket's survey has its length well before the first measurement, a fifth of the time.
        minutes = max(1, int(options.minutes / 10))
        self.servers = Servers(
            folder, stack, survey_minutes=minutes,
            collects=options.collector, endpoint=options.endpoint,
        )  # fmt: skip
        self.is_counted = options.endpoint is None
        self.app = Process("app", self.servers.app.pid)
        self.pocket = Process("pocket", self.servers.pocket.pid)
        self.control = Process("control", self.servers.control.pid)
        self.watched = [self.app, self.pocket, self.control]
        if self.servers.collector:
            self.watched.append(Process("collector", self.servers.collector.pid))

    def run(self) -> int:
        """Run it; return the exit status."""
        before = self._rest()
        began = time.monotonic()
        seen = Seen()
        asyncio.run(self._traffic(began + self.seconds, seen))
        ended = time.monotonic()
        self.servers.backend.stay_well()
        after = self._rest()
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_back(before, after) and time.monotonic() < deadline:
            after = self._rest()
        self._judge_growth(began, ended)
        self._judge_drift(began, ended, seen)
        self._judge_left_over(before, after)
        self._stop(self.servers.app)
        if self.is_counted:
            self._judge_counts()
        self._stop(self.servers.pocket)
        self._judge_logs()
        self._write_samples(began)
        for sentence in self.failed:
            print(f"FAILED: {sentence}")
        print("all as it should be" if not self.failed else f"{len(self.failed)} checks failed")
        return min(len(self.failed), 1)

    @staticmethod
    def _stop(process: Any) -> None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    async def _traffic(self, until: float, seen: Seen) -> None:
        traffic = asyncio.create_task(
            run(self.servers.app_url, self.servers.control_url, until, seen, self.clients)
        )
        pages = asyncio.create_task(self._look_at_pages(until))
        while time.monotonic() < until and not traffic.done():
            for process in self.watched:
                process.sample()
            await asyncio.sleep(min(2.0, max(0.1, until - time.monotonic())))
        await asyncio.gather(traffic, pages)

    async def _look_at_pages(self, until: float) -> None:
        page = self.servers.page
        async with httpx.AsyncClient(base_url=page, timeout=30, trust_env=False) as client:
            while time.monotonic() < until:
                for path in ("/", "/traces", "/routes", "/ledger", "/metrics", "/api/v3/services"):
                    answer = await client.get(path)
                    if answer.status_code != 200:
                        self.failed.append(f"pocket's {path} is {answer.status_code}")
                with suppress(TimeoutError):  # a page that listens, and is closed
                    await asyncio.wait_for(client.get("/events"), 0.5)
                await asyncio.sleep(1)

    def _rest(self) -> dict[str, Any]:
        """Wait for what is under way to end; return the vital signs at rest."""
        url = self.servers.app_url
        for path in ("/orm/", "/sync-orm/", "/sync/"):
            httpx.get(url + path, trust_env=False, timeout=30)
        time.sleep(SETTLES_S)
        found: dict[str, Any] = httpx.get(f"{url}/vitals/", trust_env=False, timeout=30).json()
        for process in self.watched:
            process.sample()
        app, pocket = self.app.samples[-1], self.pocket.samples[-1]
        return found | {"fds": app.fds, "fds of pocket": pocket.fds, "threads of pocket": pocket.threads}  # fmt: skip

    def _judge_growth(self, began: float, ended: float) -> None:
        for each in self.watched:
            early, late = each.rss(began, ended, 0.2), each.rss(began, ended, 1.0)
            is_young = each.name == "collector" and ended - began < COLLECTOR_SETTLES_S
            self._check(
                is_young or late <= early * GROWTH,
                f"{each.name}: RSS {early / 1e6:.1f} MB at a fifth, {late / 1e6:.1f} MB at the end ({late / early - 1:+.1%})",
            )

    def _judge_drift(self, began: float, ended: float, seen: Seen) -> None:
        fifth = (ended - began) / 5
        windows = (began + fifth, began + 2 * fifth), (ended - fifth, ended)

        def course(
            process: Process, durations: list[tuple[float, float]], at: list[float]
        ) -> Course:
            return Course(*(
                Window(p99(durations, *each), process.cpu(*each), sum(each[0] <= t < each[1] for t in at))
                for each in windows
            ))  # fmt: skip

        server = course(self.app, seen.light, seen.ended)
        control = course(self.control, seen.control, [when for when, _ in seen.control])
        for judge in (drift_of_p99, drift_of_cpu):
            self._check(*judge(server, control))
        self._check(
            not seen.unexpected,
            f"{len(seen.ended):,} requests, {len(seen.unexpected)} unexpected {seen.unexpected[:5]}",
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
            active = self.servers.backend.active_requests
            self._check(active == 0, f"http.server.active_requests: {active}")

    def _judge_counts(self) -> None:
        """Every span that was made was received by pocket, or counted as dropped on its way."""
        servers, backend = self.servers, self.servers.backend
        (made,) = struct.unpack("<Q", servers.count.read_bytes())
        lost = {"the app": sum(map(int, re.findall(r"telemetry: traces [^;]*; (\d+) dropped", servers.log("app"))))}  # fmt: skip
        if servers.collector:
            deadline = time.monotonic() + PATIENCE_S
            while servers.collector.queued and time.monotonic() < deadline:
                time.sleep(0.2)
            time.sleep(1)
            for which in ("exporter_send_failed", "exporter_enqueue_failed", "receiver_refused"):
                lost[f"the collector ({which})"] = servers.collector.spans(which)
        backend.hand_on()
        dropped = sum(lost.values())
        counted = backend.received + dropped
        counts = ", ".join(f"{count:,} by {name}" for name, count in lost.items())
        self._check(
            made <= counted <= made + backend.late,
            f"{made:,} spans made = {backend.received:,} received + {dropped:,} counted as dropped ({counts})"
            + (f"; {backend.late:,} were answered late, and may be counted twice" if backend.late else ""),
        )  # fmt: skip
        kept = servers.received_by_pocket()
        self._check(kept == backend.received, f"{kept:,} of them received by pocket")

    def _judge_logs(self) -> None:
        blocks = _BLOCKS.split(self.servers.log("app"))
        bad = [each for each in blocks if _ERROR.search(each) and not _EXPECTED.search(each)]
        self._check(
            not bad, f"{len(bad)} unexpected errors in the log {[each[-300:] for each in bad[:3]]}"
        )
        said = self.servers.log("pocket")
        self._check(
            "failed" not in said and "Traceback" not in said,
            f"pocket's log has {said.count(chr(10))} lines",
        )

    def _write_samples(self, began: float) -> None:
        """Write what each process used and when, for who looks for a cause (`--keep`)."""
        for each in self.watched:
            lines = [
                f"{sample.at - began:.1f}\t{sample.rss}\t{sample.threads}\t{sample.fds}\t{sample.cpu}\n"
                for sample in each.samples
            ]
            text = "s\trss\tthreads\tfds\tcpu\n" + "".join(lines)
            (self.servers.folder / f"{each.name}.tsv").write_text(text)

    def _check(self, is_well: bool, sentence: str) -> None:
        print(f"{'ok' if is_well else '--'}  {sentence}", flush=True)
        if not is_well:
            self.failed.append(sentence)
