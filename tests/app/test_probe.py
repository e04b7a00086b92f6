"""`python -m app.probe`: what the healthchecks of docker-compose.yml ask."""

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def probe(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "app.probe", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def answering(status):
    """A server that has one answer for all."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_an_answer_is_well():
    """Status 0, and not a word."""
    with answering(204) as port:
        done = probe(f"http://127.0.0.1:{port}/health/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_any_other_answer_is_not(status):
    """A page that is missing is no sign of health."""
    with answering(status) as port:
        done = probe(f"http://127.0.0.1:{port}/health/")
    assert done.returncode == 1
    assert f"it answered {status}" in done.stderr


@pytest.mark.parametrize("scheme", ["http", "smtp"])
def test_nobody_there_is_not_well(scheme):
    """One line says so: docker shows it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = probe(f"{scheme}://127.0.0.1:{unused.getsockname()[1]}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("scheme", ["http", "smtp"])
def test_a_server_that_accepts_and_says_nothing_is_not_well(scheme):
    """A loop that stands still looks like this: the port is open."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = probe(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}")
    assert done.returncode == 1


def test_a_mail_server_that_greets_is_well(tmp_path):
    """The demo's own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = subprocess.Popen([sys.executable, "-m", "app.mail", "--port", str(port)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while probe(f"smtp://127.0.0.1:{port}").returncode:
            assert time.monotonic() < deadline
    finally:
        mail.terminate()
        mail.wait(30)
    assert probe(f"smtp://127.0.0.1:{port}").returncode == 1


def test_a_pulse_is_well_while_it_is_fresh(tmp_path):
    """An old one, and none, are not."""
    pulse = tmp_path / "pulse"
    assert probe(pulse.as_uri(), "--within", 30).returncode == 1
    pulse.touch()
    assert probe(pulse.as_uri(), "--within", 60).returncode == 0
    os.utime(pulse, (time.time() - 31, time.time() - 31))
    done = probe(pulse.as_uri(), "--within", 30)
    assert done.returncode == 1
    assert "no sign of life for " in done.stderr
