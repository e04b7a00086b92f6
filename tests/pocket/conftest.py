"""A real pocket process, a stub app that traces itself, and the system's Chromium."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SCENARIOS = """
from overlap.scenario import Expectation, Request, Scenario

SCENARIOS = [
    Scenario(
        name="first", title="The first <b>scenario</b>", why="One `await`, nothing else.",
        requests=(Request("/first/"),), expect=Expectation(shapes=frozenset({"single"})),
        pair="second", within=5,
    ),
    Scenario(
        name="second", title="Its pair", why="It never shows what it should.",
        requests=(Request("/second/"),), expect=Expectation(shapes=frozenset({"lost"})),
        pair="first", within=5,
    ),
]
"""


@dataclass
class Pocket:
    """A running pocket process."""

    otlp: str
    page: str
    process: subprocess.Popen[str]

    def send(self, *spans: dict[str, Any], service: str = "shop") -> None:
        """Post spans in OTLP JSON's own form."""
        answer = httpx.post(f"{self.otlp}/v1/traces", json=request(*spans, service=service))
        assert answer.status_code == 200, answer.text

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=15)


def request(*spans: dict[str, Any], service: str = "shop") -> dict[str, Any]:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": {"name": "t"}, "spans": list(spans)}]}
        ]
    }


def span(name: str = "work", **fields: Any) -> dict[str, Any]:
    """One span of OTLP JSON, a root of its own unless told otherwise."""
    now = time.time_ns()
    return {
        "traceId": secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(now - 50_000_000),
        "endTimeUnixNano": str(now),
    } | fields


def until(look: Callable[[], Any], seconds: float = 15) -> Any:
    """Poll until `look` returns something true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def start_pocket(folder: Path, *options: str, **environ: str) -> Pocket:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "pocket", "--port=0", "--otlp-port=0", *options],
        cwd=folder,
        env=clean | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    urls = re.findall(r"http://\S+", "".join(lines))
    if len(urls) != 2:
        process.kill()
        pytest.fail(f"pocket did not start: {lines} {process.communicate()[0]}")
    return Pocket(*urls, process)


@pytest.fixture(scope="session")
def app() -> Iterator[ThreadingHTTPServer]:
    """A stub app that answers at once and sends a server span for each request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _App)
    server.pocket = None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


class _App(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        started = time.time_ns()
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        _, trace_id, parent, flags = self.headers.get("traceparent", "0-0-0-00").split("-")
        if int(flags, 16) & 1:
            self.server.pocket.send(
                span(
                    f"GET {self.path}",
                    traceId=trace_id,
                    parentSpanId=parent,
                    kind=2,
                    startTimeUnixNano=str(started),
                    endTimeUnixNano=str(time.time_ns()),
                )
            )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def pocket(tmp_path_factory: pytest.TempPathFactory, app: ThreadingHTTPServer) -> Iterator[Pocket]:
    """Pocket with two scenarios of the stub app."""
    folder = tmp_path_factory.mktemp("scenarios")
    (folder / "pocket_scenarios.py").write_text(SCENARIOS)
    running = start_pocket(
        folder,
        f"--app-url=http://127.0.0.1:{app.server_port}",
        OVERLAP_SCENARIOS="pocket_scenarios:SCENARIOS",
    )
    app.pocket = running
    yield running
    status = running.interrupt()
    output = running.process.stdout.read()
    running.process.stdout.close()
    assert status == 0, output
    assert "Traceback" not in output


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """The system's Chromium. Where there is none, CI fails and a developer is told."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not browser or not driver_path:
        pytest.skip("no Chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for option in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ):  # fmt: skip
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_path))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> webdriver.Chrome:
    """Chromium at a desktop's width, with an empty log."""
    chromium.get("about:blank")
    size(chromium, 1280)
    chromium.get_log("browser")
    return chromium


def size(driver: webdriver.Chrome, width: int) -> None:
    """Set the width of the page, as a phone or a screen would."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.fixture(scope="session")
def helpers() -> Any:
    """What tests use beside fixtures; a module of helpers would need a unique name."""

    class Helpers:
        request = staticmethod(request)
        span = staticmethod(span)
        until = staticmethod(until)
        size = staticmethod(size)
        start_pocket = staticmethod(start_pocket)
        as_json = staticmethod(json.dumps)

    return Helpers
