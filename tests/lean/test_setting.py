"""`lean`, the one setting, in code and in the environment."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SITE = Path(__file__).parent / "site"
PROBE = """
import inspect, json, os, overlap
from django.core import signals
from django.core.handlers import asgi

told, serving, stock = [], [], asgi.ASGIHandler.handle
for given, variable in json.loads(os.environ["CASES"]):
    os.environ["OVERLAP_LEAN"] = variable
    overlap.instrument(lean=given)
    told.append(asgi.signals is not signals)
    handle = inspect.unwrap(asgi.ASGIHandler.handle)
    serving.append(handle.__module__ == "overlap.lean.asgi_handler")
    overlap.shutdown()
    assert asgi.ASGIHandler.handle is stock
    told.append(asgi.signals is not signals)
print(json.dumps([told, serving, "TaskGroup" in inspect.getsource(stock)]))
"""
CASES = [
    (None, "", True),
    (True, "", True),
    (False, "", False),
    (True, "0", False),
    (False, "1", True),
    (None, "off", False),
]


class Swallow(BaseHTTPRequestHandler):
    """Takes whatever telemetry comes."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def endpoint():
    """A backend, so that shutdown() has nobody to wait for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Swallow)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_lean_is_on_unless_told_and_off_after_shutdown(site_environment, endpoint):
    """On by default; the environment wins over the code; shutdown() gives Django back.

    What costs each request of Django 6.1 a class is stood for in any case.
    """
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=SITE,
        env=site_environment(False)
        | {
            "CASES": json.dumps([case[:2] for case in CASES]),
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told, serving, has_task_group = json.loads(run.stdout.splitlines()[-1])
    assert told[::2] == [on for _, _, on in CASES]
    assert told[1::2] == [False] * len(CASES)
    assert serving == [has_task_group] * len(CASES)
