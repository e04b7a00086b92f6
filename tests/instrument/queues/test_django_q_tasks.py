"""django-q2 with its database as the broker, and its own cluster: one trace, and back."""

from __future__ import annotations

import shutil

import pytest

from tests.instrument.conftest import until
from tests.instrument.queues.conftest import MIGRATE
from tests.instrument.queues.of_task import first_message

PRODUCER, CONSUMER, ERROR = 4, 5, 2
SETTINGS = "queuesite.q_settings"
CLUSTER = """
import overlap, sys
overlap.instrument()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "qcluster"])
"""
SEND = """
import overlap
overlap.instrument()
import django
django.setup()
from django_q.tasks import Chain, async_task, schedule
from opentelemetry import trace
from queuesite import errands
view = trace.get_tracer("t").start_as_current_span("view")
{code}
assert trace.get_current_span() is trace.INVALID_SPAN
overlap.shutdown()
"""
EVERYTHING = """
with view:
    async_task(errands.salt, 2, pepper=1)
    async_task("queuesite.errands.burn")
    async_task("queuesite.errands.dawdle", ack_failure=True)
    async_task("queuesite.errands.nothing", ack_failure=True)
    chain = Chain()
    chain.append("queuesite.errands.salt", 3)
    chain.append("queuesite.errands.salt", 4)
    chain.run()
    assert trace.get_current_span().name == "view"
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory, run):
    """A database with django-q2's tables and nothing in them."""
    path = tmp_path_factory.mktemp("tables") / "q.sqlite3"
    settings = {"DJANGO_SETTINGS_MODULE": SETTINGS, "SITE_DATABASE": str(path)}
    run(MIGRATE, "http://127.0.0.1:9", **settings)
    return path


@pytest.fixture
def database(empty, tmp_path):
    """A copy of it for one test."""
    return {"DJANGO_SETTINGS_MODULE": SETTINGS, "SITE_DATABASE": str(shutil.copy(empty, tmp_path))}


@pytest.fixture(scope="module")
def sink(module_sink, worker, send, handed, empty):
    """What a sender and a cluster have sent, when every task has ended."""
    database = shutil.copy(empty, empty.with_name("cluster.sqlite3"))
    site = {"DJANGO_SETTINGS_MODULE": SETTINGS, "SITE_DATABASE": str(database)}
    with worker("-c", CLUSTER, **site) as log:
        send(SEND.format(code=EVERYTHING), module_sink, **site)

        def ended():
            ends = [end for _, _, end, _ in handed(module_sink)]
            return len(ends) == 6 and not {"waiting", "unseen"} & set(ends)

        until(ended, f"every task ends; {log.read_text()}")
    return module_sink


def of_task(sink, name):
    """The spans of one function's first task: where it was sent, and its runs."""
    return first_message(sink, "async_task", f"queuesite.errands.{name}")


def test_one_trace_from_the_sender_into_the_cluster(sink):
    """Its run is below the sending, and what the task does is below its run."""
    sent, (run,) = of_task(sink, "salt")
    view = sink.one("view")
    assert (sent.parent_id, run.parent_id) == (view.span_id, sent.span_id)
    assert (sent.kind, run.kind) == (PRODUCER, CONSUMER)
    assert run.span_id in {span.parent_id for span in sink.named("shake")}
    for span, kind, name in ((sent, "send", "async_task"), (run, "process", "run")):
        assert (
            span.attributes.items()
            >= {
                "messaging.system": "django_q",
                "messaging.operation.name": name,
                "messaging.operation.type": kind,
                "messaging.destination.name": "shop",
                "overlap.queue.task": "queuesite.errands.salt",
            }.items()
        )


def test_a_task_that_fails_is_delivered_again(sink):
    """Each run says why; only the last one that the cluster allows is an error."""
    sent, (first, last) = of_task(sink, "burn")
    assert (first.parent_id, last.parent_id) == (sent.span_id, sent.span_id)
    assert [run.events[0][1]["exception.message"] for run in (first, last)] == ["burnt", "burnt"]
    assert (first.status == ERROR, last.status == ERROR) == (False, True)
    assert first.attributes["overlap.queue.state"] == "retry"


def test_a_task_that_takes_too_long_is_a_failure(sink):
    """The cluster ends it; its run is an error, and no cancellation."""
    _, (run,) = of_task(sink, "dawdle")
    assert run.status == ERROR
    assert "overlap.cancelled" not in run.attributes


def test_a_function_that_does_not_exist_is_a_failure(sink):
    """Nothing was called, and the run says so."""
    _, (run,) = of_task(sink, "nothing")
    assert run.status == ERROR


def test_the_next_of_a_chain_is_sent_below_the_run_before(sink):
    """The cluster sends it, from another process than the one that ran it."""
    _, *following = sorted(
        sink.named("async_task queuesite.errands.salt"), key=lambda span: span.start
    )
    runs = {span.span_id for span in sink.named("run queuesite.errands.salt")}
    assert [span.parent_id in runs for span in following] == [False, True]


def test_the_verdict_says_what_became_of_each(sink, handed):
    """All in one trace."""
    assert {span.trace_id for span in sink.spans if span.kind == CONSUMER} == {
        sink.one("view").trace_id
    }
    assert [(task.rpartition(".")[2], *rest) for task, *rest in handed(sink)] == [
        ("burn", "worker", "failed", 2),
        ("dawdle", "worker", "failed", 1),
        ("nothing", "worker", "failed", 1),
        *[("salt", "worker", "done", 1)] * 3,
    ]


def test_a_sending_that_fails_is_an_error(own_sink, send, handed, database):
    """The broker does not store it, or it can't be packed: an error in the view, and unsent."""
    code = """
from django.db import OperationalError, connection
with view:
    connection.cursor().execute("DROP TABLE django_q_ormq")
    for argument, expected in ((1, OperationalError), (lambda: None, Exception)):
        try:
            async_task(errands.salt, argument)
        except expected:
            pass
        else:
            raise AssertionError
        assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink, **database)
    assert handed(own_sink) == [("queuesite.errands.salt", "", "unsent", 0)] * 2


def test_tasks_that_run_at_once(own_sink, send, handed, database):
    """With `sync`, in the process that sends: below their sending, and errors reach it."""
    code = """
with view:
    async_task(errands.salt, 2, sync=True)
    try:
        async_task(errands.burn, sync=True)
    except ValueError:
        pass
    else:
        raise AssertionError
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink, **database)
    assert handed(own_sink) == [
        ("queuesite.errands.burn", "web", "failed", 1),
        ("queuesite.errands.salt", "web", "done", 1),
    ]


LOCAL = """
import overlap
import django
django.setup()
from django_q.tasks import async_task
from django_q.signing import SignedPackage
from django_q.models import OrmQ
from queuesite import errands
overlap.instrument()
{code}
async_task(errands.salt, 2, pepper=1)
(row,) = OrmQ.objects.all()
package = SignedPackage.loads(row.payload)
overlap.shutdown()
assert (package["args"], package["kwargs"]) == ((2,), {{"pepper": 1}}), package
{after}
"""


def test_what_was_there_before_us_and_off_means_off(own_sink, send, database):
    """Imported before `instrument()` it is traced; after `shutdown()` it is as it was."""
    after = """
from django_q import monitor, signals
from django_q.brokers import Broker
from django_q.brokers.orm import ORM
from django_q.timeout import TimeoutHandler
for function in (SignedPackage.dumps, Broker.__init__, ORM.enqueue, TimeoutHandler.__enter__,
                 TimeoutHandler.__exit__, monitor.save_task, monitor.async_chain):
    assert "overlap" not in repr(function.__code__), function
for signal in (signals.pre_enqueue, signals.pre_execute, signals.post_execute_in_worker):
    assert not signal.receivers, signal.receivers
assert isinstance(vars(SignedPackage)["dumps"], staticmethod)
assert "overlap_traceparent" in package
"""
    send(LOCAL.format(code="", after=after), own_sink, **database)
    assert own_sink.names()["async_task queuesite.errands.salt"] == 1


@pytest.mark.parametrize("method", ["inject", "extract"])
def test_telemetry_that_fails_changes_nothing(own_sink, send, database, method):
    """A propagator that raises: the task is sent and runs."""
    broken = f"""
from opentelemetry import propagate
def broken(*_, **__): raise RuntimeError("no")
propagate.{method} = broken
from django_q.models import Success
async_task(errands.salt, 2, sync=True)
assert Success.objects.get().result == 2
"""
    send(LOCAL.format(code=broken, after=""), own_sink, **database)
    assert own_sink.names()["async_task queuesite.errands.salt"] == 2


def test_what_a_cluster_logs_is_sent_without_messages(own_sink, send, database):
    """Where that is asked for: its monitor logs the exception as text."""
    code = """
from overlap.telemetry.export import secrets
from django_q.cluster import monitor, worker
from django_q.queues import Queue
from multiprocessing import Value
secrets.current = secrets.Secrets(messages=False)
async_task(errands.burn)
tasks, results = Queue(), Queue()
task = SignedPackage.loads(OrmQ.objects.get().payload)
tasks.put(task)
tasks.put("STOP")
worker(tasks, results, Value("f", -1))
results.put("STOP")
monitor(results)
OrmQ.objects.all().delete()
"""
    send(LOCAL.format(code=code, after=""), own_sink, **database)
    (body,) = [record.body for record in own_sink.logs if record.body.startswith("Failed")]
    assert "Traceback" in body
    assert "ValueError" in body
    assert "burnt" not in body
    assert own_sink.named("run queuesite.errands.burn")
