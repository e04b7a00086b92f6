"""Celery on a real Redis, as in compose: a restart of the broker loses no task."""

import os
import secrets
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import httpx
import pytest

TASKS = 30


@contextmanager
def running(command, log, root, **environment):
    """A process until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=root, env=os.environ | environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def redis(folder, root, poll, tmp_path):
    """Call it to (re)start a Redis that appends to a file, as compose's does; gives its URL."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    options = f"--port {port} --bind 127.0.0.1 --dir {tmp_path} --appendonly yes --save".split()

    def listens():
        with socket.create_connection(("127.0.0.1", port), timeout=1) as asked:
            asked.sendall(b"PING\r\n")
            return asked.recv(64).startswith(b"+PONG")

    def pings():
        try:
            return listens()
        except OSError:
            return False

    with ExitStack() as current:

        def restart():
            current.close()
            current.enter_context(
                running(["redis-server", *options, ""], tmp_path / "redis.log", root)
            )
            poll(pings)
            return f"redis://127.0.0.1:{port}/0"

        yield restart


def test_a_restart_of_redis_loses_no_task(demo, redis, root, poll, tmp_path):
    """Tasks handed over before, and during, are all done, each in the trace of its request."""
    environment = {
        "SMOKEHOUSE_BROKER_URL": redis(),
        "SMOKEHOUSE_UPSTREAM_URL": f"{demo.servers['httpbin']}/",
        "SMOKEHOUSE_TIME_SCALE": "0.02",
        "OTEL_EXPORTER_OTLP_ENDPOINT": demo.otlp_url,
        "DJANGO_SETTINGS_MODULE": "app.settings",
        "PYTHONUNBUFFERED": "1",
    }
    celery = [sys.executable, "-m", "celery", "-A", "app.celery", "worker"]
    uvicorn = [sys.executable, "-m", "uvicorn", "app.asgi:application", "--port", "0"]
    worker_log, app_log = tmp_path / "worker.log", tmp_path / "app.log"
    with (
        running(celery, worker_log, root, **environment),
        running(uvicorn, app_log, root, **environment),
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        poll(lambda: "worker ready" in worker_log.read_text())
        poll(lambda: "running on http" in app_log.read_text())
        url = app_log.read_text().partition("running on ")[2].split()[0]
        ids = [secrets.token_hex(16) for _ in range(TASKS)]
        for number, trace_id in enumerate(ids):
            if number == TASKS // 2:
                redis()
            header = f"00-{trace_id}-{secrets.token_hex(8)}-01"
            client.get(f"{url}/durable/", headers={"traceparent": header}).raise_for_status()

        def undone():
            left = set(ids)
            for trace_id in ids:
                answer = httpx.get(
                    f"{demo.stack.url('jaeger')}/api/v3/traces/{trace_id}",
                    trust_env=False, timeout=20,
                )  # fmt: skip
                if "<Response [200 OK]>" in answer.text:  # the task's last line
                    left.discard(trace_id)
            return left

        poll(lambda: not undone(), within_s=150, every_s=1)
