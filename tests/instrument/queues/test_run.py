"""`overlap run` traces a worker as it is, one span a job; none of the command itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.instrument.conftest import until
from tests.instrument.queues.conftest import MIGRATE

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
HUEY = ("huey_consumer", "queuesite.hive.huey", "-C", "-w", "1")
QUEUES = {
    "django": (
        ("python", "-m", "django", "db_worker", "--no-startup-delay", "--no-reload"),
        "import django; django.setup(); from queuesite.chores import salt; salt.enqueue(1)",
        "run queuesite.chores.salt",
    ),
    "dramatiq": (
        ("dramatiq", "queuesite.actors", "--processes", "1", "--threads", "1"),
        "from queuesite.actors import broker, salt; salt.send(1); broker.close()",
        "run salt",
    ),
    "huey": (
        HUEY,
        "from queuesite.hive import huey, salt; salt(1); huey.storage.pool.disconnect()",
        "run queuesite.hive.salt",
    ),
    "huey's processes": (
        (*HUEY, "-k", "process"),
        "from queuesite.hive import huey, salt; salt(1); huey.storage.pool.disconnect()",
        "run queuesite.hive.salt",
    ),
    "rq": (
        ("rq", "worker", "-c", "queuesite.jobs"),
        "from queuesite.jobs import queue, salt; queue.enqueue(salt, 1); queue.connection.close()",
        "run queuesite.jobs.salt",
    ),
    "rq's spawned work horses": (
        ("rq", "worker", "-c", "queuesite.jobs", "-w", "rq.worker.SpawnWorker"),
        "from queuesite.jobs import queue, salt; queue.enqueue(salt, 1); queue.connection.close()",
        "run queuesite.jobs.salt",
    ),
    "django-q2": (
        ("python", "-m", "django", "qcluster"),
        "import django; django.setup(); from django_q.tasks import async_task; "
        "from queuesite.errands import salt; async_task(salt, 1)",
        "run queuesite.errands.salt",
    ),
    "celery": (
        ("celery", "-A", "queuesite.celery", "worker", "-c", "1", "--without-gossip"),
        "from queuesite.celery import app, salt; salt.delay(1); app.close()",
        "run/salt",
    ),
}


@pytest.fixture
def site(broker, run, tmp_path, request):
    """The variables of a project that is not traced by itself."""
    settings = "q_settings" if request.node.callspec.params["queue"] == "django-q2" else "settings"
    database = tmp_path / "tasks.sqlite3"
    variables = {
        "DJANGO_SETTINGS_MODULE": f"queuesite.{settings}",
        "SITE_DATABASE": str(database),
    }
    run(MIGRATE, "http://127.0.0.1:9", **variables)
    return variables | {
        "SITE_REDIS": broker,
        "SITE_TRACED": "0",
    }


@pytest.mark.parametrize("queue", QUEUES)
def test_a_worker_is_traced_as_it_is(own_sink, run, worker, site, queue):
    """The sender is not traced: each job is a root span of its own, by the worker's process."""
    command, send, name = QUEUES[queue]
    ours = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": own_sink.url,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    with worker("-m", "overlap", "run", "--no-pocket", "--", *command, **site, **ours) as log:
        run(send, own_sink.url, **site)
        until(lambda: own_sink.named(name), f"{name}; {log.read_text()}")
    ran = own_sink.one(name)
    assert ran.parent_id == ""
    assert {span.resource["service.name"] for span in own_sink.spans} == {"worker"}
    assert not [each for each in own_sink.names() if each.startswith("manage.py")]
    assert "Traceback" not in log.read_text()
    assert "worker is traced" in log.read_text()
