"""Django's own tasks are traced: where they are sent, where they run, and what became of them."""

from __future__ import annotations

import shutil

import pytest

PRODUCER, CONSUMER, ERROR = 4, 5, 2
SEND = """
import overlap
overlap.instrument()
import django
django.setup()
from opentelemetry import trace
from queuesite.chores import burn, rest, salt, twice
view = trace.get_tracer("t").start_as_current_span("view")
{code}
overlap.shutdown()
"""
WORK = """
import overlap
overlap.instrument()
from django.core.management import execute_from_command_line
options = "db_worker --batch --no-startup-delay --no-reload"
execute_from_command_line(["manage.py", *options.split()])
overlap.shutdown()
"""


@pytest.fixture
def database(tables, tmp_path):
    """A copy of it for one test."""
    return str(shutil.copy(tables, tmp_path))


@pytest.fixture
def work(send, database, own_sink):
    """Run the database worker until the queue is empty."""
    return lambda code=WORK: send(
        code, own_sink, SITE_DATABASE=database, OTEL_SERVICE_NAME="worker"
    )


def test_the_database_worker_continues_the_trace(own_sink, send, work, database, handed):
    """A span where the task is sent, one where it runs, and below that what it does."""
    send(SEND.format(code="with view: salt.enqueue(2)"), own_sink, SITE_DATABASE=database)
    work()
    view, sent = own_sink.one("view"), own_sink.one("enqueue queuesite.chores.salt")
    run, work_ = own_sink.one("run queuesite.chores.salt"), own_sink.one("shake")
    assert [span.parent_id for span in (sent, run, work_)] == [
        view.span_id, sent.span_id, run.span_id,
    ]  # fmt: skip
    assert [span.kind for span in (sent, run)] == [PRODUCER, CONSUMER]
    assert {span.trace_id for span in (view, sent, run, work_)} == {view.trace_id}
    for span, kind, name in ((sent, "send", "enqueue"), (run, "process", "run")):
        assert (
            span.attributes.items()
            >= {
                "messaging.system": "django_tasks",
                "messaging.operation.name": name,
                "messaging.operation.type": kind,
                "messaging.destination.name": "default",
                "overlap.queue.task": "queuesite.chores.salt",
            }.items()
        )
    assert sent.attributes["messaging.message.id"] == run.attributes["messaging.message.id"]
    assert handed(own_sink) == [("queuesite.chores.salt", "worker", "done", 1)]


def test_a_task_that_fails_is_an_error_where_it_runs(own_sink, send, work, database, handed):
    """The exception is on the run's span; sending it was no error."""
    send(SEND.format(code="with view: burn.enqueue()"), own_sink, SITE_DATABASE=database)
    work()
    run = own_sink.one("run queuesite.chores.burn")
    assert run.status == ERROR
    assert run.events[0][1]["exception.message"] == "burnt"
    assert own_sink.one("enqueue queuesite.chores.burn").status != ERROR
    assert handed(own_sink) == [("queuesite.chores.burn", "worker", "failed", 1)]


def test_async_tasks_and_async_senders(own_sink, send, work, database, handed):
    """`aenqueue` is a span too, and what a task awaits is below its run."""
    code = """
import asyncio
async def go():
    with view: await rest.aenqueue(0.01)
asyncio.run(go())
"""
    send(SEND.format(code=code), own_sink, SITE_DATABASE=database)
    work()
    assert own_sink.one("enqueue queuesite.chores.rest").parent_id == own_sink.one("view").span_id
    assert own_sink.one("sit").parent_id == own_sink.one("run queuesite.chores.rest").span_id
    assert handed(own_sink) == [("queuesite.chores.rest", "worker", "done", 1)]


def test_the_immediate_backend_runs_it_where_it_is_sent(own_sink, send, handed):
    """The run is below the sending, in one process; also with a context, from async code."""
    code = """
import asyncio
with view:
    assert salt.using(backend="immediate").enqueue(3).return_value == 3
    assert asyncio.run(twice.using(backend="immediate").aenqueue()).return_value == 1
    assert burn.using(backend="immediate").enqueue().errors
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink)
    for name, ok in (("salt", True), ("twice", True), ("burn", False)):
        sent = own_sink.one(f"enqueue queuesite.chores.{name}")
        run = own_sink.one(f"run queuesite.chores.{name}")
        assert run.parent_id == sent.span_id
        assert (run.status == ERROR) is not ok
    ends = {task.rpartition(".")[2]: end for task, _, end, _ in handed(own_sink)}
    assert ends == {"salt": "done", "twice": "done", "burn": "failed"}


def test_a_sending_that_fails_is_an_error(own_sink, send, handed):
    """The table is missing: the error reaches the view, and the task is unsent."""
    code = """
from django.db import OperationalError
with view:
    try:
        salt.enqueue(2)
    except OperationalError:
        pass
    else:
        raise AssertionError
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink)
    assert own_sink.one("enqueue queuesite.chores.salt").status == ERROR
    assert handed(own_sink) == [("queuesite.chores.salt", "", "unsent", 0)]


def test_a_worker_without_overlap_runs_what_is_sent(own_sink, send, work, database, handed):
    """The trace context beside the arguments is none of them."""
    send(SEND.format(code="with view: salt.enqueue(2)"), own_sink, SITE_DATABASE=database)
    lines = [line for line in WORK.splitlines() if "overlap" not in line]
    work("\n".join(lines))
    check = """
import django; django.setup()
from django_tasks_db.models import DBTaskResult
(row,) = DBTaskResult.objects.all()
assert (row.status, row.return_value) == ("SUCCESSFUL", 2), row.traceback
"""
    send(check, own_sink, SITE_DATABASE=database)
    assert handed(own_sink) == [("queuesite.chores.salt", "", "unseen", 0)]


def test_a_task_that_is_called_directly_has_no_run(own_sink, send):
    """`Task.call` outside a worker is a call like any other."""
    send(SEND.format(code="with view: assert salt.call(1) == 1"), own_sink)
    assert own_sink.names() == {"view": 1, "shake": 1}


def test_a_task_that_a_worker_began_and_did_not_call_names_no_other(own_sink, send):
    """The worker announced one task; what is called next is another."""
    code = """
signals = importlib.import_module(type(salt).__module__.replace("base", "signals"))
result = salt.using(backend="immediate").enqueue(1)
salt.call(1)
signals.task_started.send(None, task_result=result)
with view:
    try:
        burn.call()
    except ValueError:
        pass
"""
    send(SEND.format(code="import importlib" + code), own_sink)
    assert own_sink.names() == {
        "view": 1,
        "enqueue queuesite.chores.salt": 1,
        "run queuesite.chores.salt": 1,
        "shake": 2,
    }


def test_telemetry_that_fails_changes_nothing(own_sink, send, work, database):
    """A propagator that raises, here and in the worker: the task is sent and runs."""
    broken = """
from opentelemetry import propagate
class Broken:
    def inject(self, *_, **__): raise RuntimeError("no")
    extract = inject
    fields = set()
propagate.set_global_textmap(Broken())
"""
    send(SEND.format(code=broken + "with view: salt.enqueue(2)"), own_sink, SITE_DATABASE=database)
    work(WORK.replace("from django", broken + "\nfrom django", 1))
    assert own_sink.one("shake")


def test_off_means_off(own_sink, send):
    """After shutdown() the classes and signals are as they were."""
    code = """
overlap.shutdown()
task = type(salt)
for name in ("enqueue", "aenqueue", "call", "acall"):
    assert "overlap" not in repr(vars(task)[name].__code__), name
from django.db.models.signals import pre_save
assert not [each for each in pre_save.receivers if "overlap" in repr(each)]
"""
    send(SEND.format(code=code), own_sink)
    assert own_sink.names() == {}
