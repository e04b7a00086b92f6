"""`make demo` as a user meets it: starts everything, ends everything, says what is in the way."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

pytestmark = pytest.mark.slow

URLS_WITHIN_S = 60.0


def free_ports(count):
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


@pytest.fixture
def ports():
    """Arguments that put the demo where nothing else listens."""
    app, httpbin, otlp, traces, workers, wsgi, mail = free_ports(7)
    return [
        *("--app-port", str(app), "--httpbin-port", str(httpbin)),
        *("--otlp-port", str(otlp), "--traces-port", str(traces)),
        *("--workers-port", str(workers), "--wsgi-port", str(wsgi)),
        *("--mail-port", str(mail)),
    ]


def demo_command(*arguments):
    return [sys.executable, "-m", "app.demo", *arguments]


def run_demo(root, *arguments):
    """Run the demo to its end."""
    return subprocess.run(
        demo_command(*arguments),
        cwd=root, env=os.environ, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_once_exits_with_plays_status_and_leaves_nothing(root, ports):
    """`make play`: a scenario that shows what it expects is exit 0; no process stays."""
    done = run_demo(root, "--once", *ports, "index")
    assert done.returncode == 0, done.stderr
    assert "single" in done.stdout
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{ports[1]}/", trust_env=False)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_demo_serves_until_it_is_told_to_end_and_ends_every_process(root, ports, tmp_path, how):
    """Ctrl-C, or a SIGTERM, ends the demo and every process that it started.

    More of them change nothing: make passes SIGTERM on to a demo that has it already.
    """
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            demo_command(*ports, "index"), cwd=root, env=os.environ, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + URLS_WITHIN_S
        while "Serving until Ctrl-C" not in log.read_text():
            assert demo.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        started = psutil.Process(demo.pid).children(recursive=True)
        assert len(started) >= 8  # gunicorn alone is four
        for port in (ports[1], ports[3], ports[7], ports[9], ports[11]):
            assert f":{port}/" in log.read_text()
        deadline = time.monotonic() + 30
        while demo.poll() is None:
            assert time.monotonic() < deadline, log.read_text()
            demo.send_signal(how)
            time.sleep(0.05)
    finally:
        demo.kill()
        demo.wait()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []


def test_port_in_use_is_told_with_its_owner_and_the_way_out(root, ports):
    """A port that is taken: which, whose, and how to choose another; exit 2, nothing started."""
    with socket.create_server(("127.0.0.1", int(ports[1]))):
        done = run_demo(root, "--once", *ports)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"port {ports[1]} is in use by" in done.stderr
    assert str(os.getpid()) in done.stderr
    assert "APP_PORT=" in done.stderr


def test_unknown_scenario_is_one_sentence(root, ports):
    """A scenario that is not there: exit 2."""
    done = run_demo(root, "--once", *ports, "smoke_some_meat")
    assert done.returncode == 2
    assert "smoke_some_meats" in done.stderr
