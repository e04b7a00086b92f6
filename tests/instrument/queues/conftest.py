"""A real Redis, and real workers that send to the test's sink."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import overlap
from overlap.trace.read import read
from tests.instrument.conftest import Sink, until

SITE = Path(__file__).parents[1] / "site"
WORKER_S = 30


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """A Redis of this session's own."""
    server = shutil.which("redis-server")
    assert server, "no redis-server (Debian: redis-server)"
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    options = f"--port {port} --bind 127.0.0.1 --appendonly no --dir"
    folder = tmp_path_factory.mktemp("redis")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [server, *options.split(), str(folder), "--save", ""], stdout=log, stderr=log
        ) as process,
    ):
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@pytest.fixture(scope="session")
def broker(redis_url):
    """The Redis' URL, once it answers."""
    import redis

    client = redis.Redis.from_url(redis_url)

    def pings():
        try:
            return client.ping()
        except redis.ConnectionError:
            return False

    until(pings, "redis answers")
    yield redis_url
    client.close()


@pytest.fixture(scope="module")
def module_sink():
    """A sink of the module's own, for what one worker and one sender send."""
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def worker(module_sink, broker, tmp_path_factory):
    """Start a worker process; it is ended by SIGTERM when the block ends."""

    @contextmanager
    def start(*command, **more):
        log = tmp_path_factory.mktemp("worker") / "log"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": module_sink.url,
            "OTEL_SERVICE_NAME": "worker",
            "SITE_REDIS": broker,
            "dramatiq_worker_timeout": "50",  # milliseconds between two looks at delayed messages
            "PYTHONPATH": str(SITE),
        }
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [sys.executable, *command],
                cwd=SITE,
                env=kept | variables | more,
                stdout=out,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                yield log
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(WORKER_S)

    return start


@pytest.fixture(scope="session")
def send(run):
    """Run a script to its end in a process that sends tasks."""
    ours = {"OTEL_SERVICE_NAME": "web", "DJANGO_SETTINGS_MODULE": "queuesite.settings"}
    return lambda code, sink, **more: run(code, sink.url, **(ours | more))


MIGRATE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""


@pytest.fixture(scope="session")
def tables(tmp_path_factory, run):
    """A database with the tables of django-tasks-db and nothing in them."""
    path = tmp_path_factory.mktemp("tables") / "tasks.sqlite3"
    settings = {"DJANGO_SETTINGS_MODULE": "queuesite.settings", "SITE_DATABASE": str(path)}
    run(MIGRATE, "http://127.0.0.1:9", **settings)
    return path


def handed(sink):
    """Return what the verdict says of the tasks: task, worker, end and tries of each."""
    return sorted(
        (each.task, each.worker, each.end, each.tries)
        for trace in read(sink.spans_as_sent)
        for each in overlap.verdict(trace).handed
    )


@pytest.fixture(scope="session", name="handed")
def handed_fixture():
    """Give the function of that name."""
    return handed
