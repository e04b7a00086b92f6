"""What works under which server, framework and OpenTelemetry set-up, by real runs of each.

`make matrix` runs all of it and writes docs/reference/servers.md; test_matrix.py runs a part, and
compares it with what is written there. A combination is served twice, without Overlap and with
it: the same requests, then SIGTERM.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

from tests.instrument.conftest import Sink

SITE = Path(__file__).parent / "site"
PAGE = Path(__file__).parents[2] / "docs/reference/servers.md"
DEADLINE_S = 100.0
BATCH_MS = 400
"""How long spans wait in a queue: those of the last requests are sent by the end alone."""
SERVERS: dict[str, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", "{app}", "--port", "{port}"),
    "hypercorn": ("hypercorn", "{app}", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "1"),
    "hypercorn -w 2": (
        "hypercorn", "{app}", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "1",
        "--workers", "2",
    ),
    "granian": ("granian", "--interface", "asgi", "--port", "{port}", "{app}"),
    "daphne": ("daphne", "--bind", "127.0.0.1", "--port", "{port}", "{app}"),
    "gunicorn": (
        "gunicorn", "{app}", "--bind", "127.0.0.1:{port}", "--no-control-socket",
        "--worker-class", "uvicorn_worker.UvicornWorker",
    ),
}  # fmt: skip
FRAMEWORKS = {
    "Django": ("pantry.asgi", "/sync/", "GET /sync/"),
    "Channels": ("pantry.channelled", "/sync/", "GET /sync/"),
    "Starlette": ("pantry.starlette_app", "/sync/", "GET /sync/"),
    "FastAPI": ("pantry.fastapi_app", "/sync/", "GET /sync/"),
    "Django REST framework": ("pantry.asgi", "/drf/", "GET /drf/"),
    "django-ninja": ("pantry.asgi", "/ninja/3/", "GET /ninja/<shelf>/"),
}
"""The module with the application, a path of the framework's own, and its span's name."""
SET_UPS = {
    "none": "",
    "own provider before": "before",
    "own provider after": "after",
    "opentelemetry-instrument": "",
    "Logfire": "logfire",
}
YES = "yes"
NOT_COMPARED = {"event_loop.blocked", "event_loop.hung", "GET /{path}"}
"""FastAPI's own span of a mounted application, which it makes where a provider is set."""
COLUMNS = ("served as before", "traced whole", "last telemetry sent", "spawned work drained")


@dataclass(frozen=True)
class Combination:
    """One row of the table, before it was run."""

    server: str
    framework: str
    set_up: str

    def __str__(self) -> str:
        return f"{self.server}, {self.framework}, {self.set_up}"


@dataclass
class Observation:
    """What was seen of one run."""

    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    traces: dict[str, str] = field(default_factory=dict)
    """The trace id of each request by its span's name."""


def combinations() -> list[Combination]:
    """Return a selection in which each pair of two axes' values occurs: a Latin square."""
    set_ups = list(SET_UPS)
    return [
        Combination(server, framework, set_ups[(i + j) % len(set_ups)])
        for i, server in enumerate(SERVERS)
        for j, framework in enumerate(FRAMEWORKS)
    ]


def result(wanted: Combination) -> tuple[str, ...]:
    """Run a combination, without Overlap and with it; return its cells."""
    with ExitStack() as stack:
        ours, theirs, before = Sink(), Sink(), Sink()
        for sink in (ours, theirs, before):
            stack.callback(sink.close)
        stock = _run(wanted, None, before, stack)
        observed = _run(wanted, ours, theirs, stack)
        return (
            _served(stock, observed),
            _traced(wanted, observed, ours, theirs),
            _sent(observed, ours),
            _drained(ours),
        )


def _served(stock: Observation, observed: Observation) -> str:
    if stock.answers != observed.answers:
        return f"no: {stock.answers} became {observed.answers}"
    lost, new = stock.lines - observed.lines, observed.lines - stock.lines
    if new and not lost and all("conflicting metrics identities" in line for line in new):
        return "yes; the SDK warns that FastAPI measures the same"
    return f"no: of the log, {[*lost]} became {[*new]}" if lost or new else YES


def _traced(wanted: Combination, observed: Observation, ours: Sink, theirs: Sink) -> str:
    sides = {"ours": ours} | ({"theirs": theirs} if wanted.set_up != "none" else {})
    for side, sink in sides.items():
        for name, trace_id in observed.traces.items():
            spans = [span for span in sink.spans if span.trace_id == trace_id]
            if side == "theirs" and name in ("GET /spawn/", "last"):
                continue  # whether their own last batch is sent is theirs
            # A loaded machine delays a loop; that is seen, and no part of the answer.
            found = Counter(span.name for span in spans if span.name not in NOT_COMPARED)
            expected = _expected(name)
            if found != expected:
                return f"no: {side} of {name}: {dict(found)} instead of {dict(expected)}"
    return YES


def _expected(name: str) -> Counter[str]:
    server = "GET /" if name == "last" else name
    children = {"GET /spawn/": ["task.started", "short"], "GET /boom/": [], "GET /stream/": []}
    return Counter([server, *children.get(name, ["SELECT"])])


def _sent(observed: Observation, ours: Sink) -> str:
    newest: dict[Any, int] = {}
    for message in reversed([*ours._messages["/v1/metrics"]]):
        for resource in message.resource_metrics:
            (pid,) = [
                each.value.int_value
                for each in resource.resource.attributes
                if each.key == "process.pid"
            ]
            if found := [*_durations(resource)]:
                newest.setdefault(pid, sum(found))
    count = sum(newest.values())
    if count != len(observed.traces):
        return f"no: {count} of {len(observed.traces)} requests measured"
    if not any(span.trace_id == observed.traces["last"] for span in ours.spans):
        return "no: the last request's span is missing"
    return YES


def _durations(resource: Any) -> Iterator[int]:
    """Yield how many requests each point of Django's duration counts."""
    for scope in resource.scope_metrics:
        if scope.scope.name != "opentelemetry.instrumentation.django":
            continue  # FastAPI has its own
        for metric in scope.metrics:
            # The second where OpenTelemetry was switched on before us, with its old conventions.
            if metric.name in ("http.server.request.duration", "http.server.duration"):
                data = getattr(metric, metric.WhichOneof("data"))  # Logfire's are exponential
                yield from (point.count for point in data.data_points)


def _drained(ours: Sink) -> str:
    ends = [span.attributes.get("overlap.task.end") for span in ours.named("short")]
    return YES if ends == ["done"] else f"no: {ends}"


def _run(wanted: Combination, ours: Sink | None, theirs: Sink, stack: ExitStack) -> Observation:
    """Serve, ask, and end; without Overlap where it has no sink."""
    port = _free_port()
    module, own_path, own_name = FRAMEWORKS[wanted.framework]
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    log = Path(folder) / "log"
    command = [
        part.format(app=f"{module}:application", port=port) for part in SERVERS[wanted.server]
    ]
    command = [sys.executable, "-m", *command]
    if wanted.set_up == "opentelemetry-instrument":
        command = [str(Path(sys.executable).with_name("opentelemetry-instrument")), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=SITE, env=_environment(wanted, ours, theirs), stdout=out, stderr=out
        )
    try:
        _until(lambda: _listens(port) or process.poll() is not None, "the server listens")
        observed = Observation()
        paths = {"GET /": "/", own_name: own_path, "GET /boom/": "/boom/",
                 "GET /stream/": "/stream/"}  # fmt: skip
        for name, path in paths.items():
            _ask(observed, port, name, path)
        if ours is not None and wanted.set_up != "none":
            expected = sum(_expected(name).total() for name in paths)
            with suppress(TimeoutError):
                _until(lambda: len(theirs.spans) >= expected, "the project's spans", 10)
        _ask(observed, port, "GET /spawn/", "/spawn/")
        _ask(observed, port, "last", "/")
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE_S)
    finally:
        _end(process)
    observed.lines = Counter(_normal(log.read_text(encoding="utf-8", errors="replace")))
    return observed


def _environment(wanted: Combination, ours: Sink | None, theirs: Sink) -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OTEL_", "OVERLAP_", "PYTHONDEVMODE"))
    }
    environ = kept | {
        "DJANGO_SETTINGS_MODULE": "pantry.settings",
        "PYTHONPATH": str(SITE),
        "PYTHONUNBUFFERED": "1",
        "PANTRY_OTEL": SET_UPS[wanted.set_up],
        "PANTRY_OVERLAP": "0" if ours is None else "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": theirs.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": str(BATCH_MS),
        "OTEL_METRIC_EXPORT_INTERVAL": "60000",
    }
    if ours is not None:
        for name in ("traces", "metrics", "logs"):
            environ[f"OVERLAP_OTLP_{name.upper()}_ENDPOINT"] = f"{ours.url}/v1/{name}"
    return environ


def _ask(observed: Observation, port: int, name: str, path: str) -> None:
    trace_id = uuid4().hex
    answer = httpx.get(
        f"http://127.0.0.1:{port}{path}",
        headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"},
        timeout=DEADLINE_S,
        trust_env=False,
    )
    observed.traces[name] = trace_id
    observed.answers[name] = (
        answer.status_code,
        answer.headers.get("content-type", ""),
        answer.text,
    )


_NUMBER = re.compile(r"\d+")
_OF_A_TRACEBACK = re.compile(r"^(\s|Traceback|\w+(\.\w+)*(Error|Exception): |$)")


def _normal(text: str) -> Iterator[str]:
    """Yield the lines of a log without numbers, frames of tracebacks, and lines of our own."""
    for line in text.splitlines():
        if not _OF_A_TRACEBACK.match(line) and " overlap." not in line and "Overlap" not in line:
            yield _NUMBER.sub("N", line)


def _until(check: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + deadline_s
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in {deadline_s:.0f} s: {what}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()


HEADER = """\
# Servers, frameworks and OpenTelemetry set-ups

<!-- Written by `make matrix`. -->

Each row is a real server that was run twice: without Overlap, and with `overlap.instrument()` in
the ASGI module. Both were sent the same requests, and then SIGTERM while a task of `overlap.spawn`
was running. Each pair of a server and a framework is a row, and each OpenTelemetry set-up occurs
with each server and each framework. Versions are those of `requirements-dev.lock`.

- **served as before**: statuses, content types, bodies, and every line of the server's and the
  project's log are the same, apart from lines of loggers called `overlap.…`.
- **traced whole**: each request has one server span with its route, whose parent is the caller's
  span, and the spans of its queries are in the same trace, once. Where the project has
  OpenTelemetry of its own, both sides have all of that.
- **last telemetry sent**: the span of the last request before SIGTERM arrived, and the metrics
  count every request, though both are sent at long intervals.
- **spawned work drained**: the task of `overlap.spawn` ran to its end, and its span says so.

*own provider before* and *after* are a `TracerProvider` and a `MeterProvider` of the SDK that the
project sets before or after `overlap.instrument()`; `opentelemetry-instrument` starts the server;
*Logfire* is `logfire.configure()`, with `distributed_tracing=True`: without it Logfire warns that
a trace goes on from the caller's.

"""


def page(rows: dict[Combination, tuple[str, ...]]) -> str:
    """Return the page with these rows."""
    heads = ("server", "framework", "OpenTelemetry", *COLUMNS)
    lines = [heads, ("---",) * len(heads)]
    lines += [(each.server, each.framework, each.set_up, *cells) for each, cells in rows.items()]
    return HEADER + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def read(text: str) -> dict[Combination, tuple[str, ...]]:
    """Return the rows of a page."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return {Combination(*row[:3]): tuple(row[3:]) for row in rows[2:]}


def main() -> None:
    """Run everything and write the page; with words, run the combinations that have them all."""
    wanted = [each for each in combinations() if all(word in str(each) for word in sys.argv[1:])]
    rows = read(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for each in wanted:
        rows[each] = result(each)
        print(each, *rows[each], sep=" | ", flush=True)
        known = {one: rows[one] for one in combinations() if one in rows}
        PAGE.write_text(page(known), encoding="utf-8")


if __name__ == "__main__":
    main()
