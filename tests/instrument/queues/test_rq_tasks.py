"""rq on a real Redis, with its own worker that forks: one trace, from the sender and back."""

from __future__ import annotations

import pytest

from tests.instrument.conftest import until
from tests.instrument.queues.of_task import first_message

PRODUCER, CONSUMER, ERROR = 4, 5, 2
WORKER = ("-m", "rq.cli", "worker", "-c", "queuesite.jobs", "--with-scheduler")
SEND = """
import overlap
overlap.instrument()
from datetime import timedelta
from opentelemetry import trace
from queuesite.jobs import burn, fall, queue, rest, salt
from rq import Retry
view = trace.get_tracer("t").start_as_current_span("view")
{code}
assert trace.get_current_span() is trace.INVALID_SPAN
overlap.shutdown()
queue.connection.close()
"""
EVERYTHING = """
with view:
    first = queue.enqueue(salt, 2, pepper=1)
    queue.enqueue(rest, 0.01)
    queue.enqueue(burn, retry=Retry(max=1))
    queue.enqueue(fall)
    queue.enqueue_in(timedelta(seconds=0.5), salt, 3)
    after = queue.enqueue(salt, 4, depends_on=first)
    queue.enqueue_many([
        queue.prepare_data(salt, (5,)),
        queue.prepare_data(salt, (6,), depends_on=after),
    ])
    assert trace.get_current_span().name == "view"
"""


@pytest.fixture(scope="module")
def sink(module_sink, worker, send, broker, handed):
    """What a sender and a worker have sent, when every job has ended."""
    with worker(*WORKER) as log:
        send(SEND.format(code=EVERYTHING), module_sink, SITE_REDIS=broker)

        def ended():
            ends = [end for _, _, end, _ in handed(module_sink)]
            return len(ends) == 8 and not {"waiting", "unseen"} & set(ends)

        until(ended, f"every job ends; {log.read_text()}")
    return module_sink


def of_task(sink, name):
    """The spans of one function's first job: where it was sent, and its runs."""
    return first_message(sink, "enqueue", f"queuesite.jobs.{name}")


def test_one_trace_from_the_sender_into_the_work_horse(sink):
    """Its run is below the sending, and what the job does is below its run."""
    sent, (run,) = of_task(sink, "salt")
    view = sink.one("view")
    assert (sent.parent_id, run.parent_id) == (view.span_id, sent.span_id)
    assert (sent.kind, run.kind) == (PRODUCER, CONSUMER)
    assert run.span_id in {span.parent_id for span in sink.named("shake")}
    assert {span.name for span in sink.spans if span.trace_id != view.trace_id} == set()
    for span, kind, name in ((sent, "send", "enqueue"), (run, "process", "run")):
        assert (
            span.attributes.items()
            >= {
                "messaging.system": "rq",
                "messaging.operation.name": name,
                "messaging.operation.type": kind,
                "messaging.destination.name": "kitchen",
                "overlap.queue.task": "queuesite.jobs.salt",
            }.items()
        )


def test_an_async_job(sink):
    """What it awaits on an event loop of its own is below its run."""
    _, (run,) = of_task(sink, "rest")
    assert sink.one("sit").parent_id == run.span_id


def test_a_retry_is_another_run_of_the_same_job(sink):
    """Each says why; only the last is an error, and the job was sent once."""
    sent, (first, last) = of_task(sink, "burn")
    assert len(sink.named("enqueue queuesite.jobs.burn")) == 1
    assert (first.parent_id, last.parent_id) == (sent.span_id, sent.span_id)
    assert [run.events[0][1]["exception.message"] for run in (first, last)] == ["burnt", "burnt"]
    assert (first.status == ERROR, last.status == ERROR) == (False, True)
    assert first.attributes["overlap.queue.state"] == "retry"
    assert "overlap.queue.retries" not in first.attributes
    assert last.attributes["overlap.queue.retries"] == 1


def test_the_run_of_a_work_horse_that_was_killed_is_sent_by_its_worker(sink):
    """It began when the job began, and is an error."""
    sent, (run,) = of_task(sink, "fall")
    assert (run.parent_id, run.status) == (sent.span_id, ERROR)
    assert run.ms > 0


def test_the_verdict_says_what_became_of_each(sink, handed):
    """A scheduled one, and those that waited for another, are done."""
    assert [(task.rpartition(".")[2], *rest) for task, *rest in handed(sink)] == [
        ("burn", "worker", "failed", 2),
        ("fall", "worker", "failed", 1),
        ("rest", "worker", "done", 1),
        *[("salt", "worker", "done", 1)] * 5,
    ]


def test_a_sending_that_fails_is_an_error(own_sink, send, handed):
    """No Redis answers: the error reaches the view, and the job is unsent."""
    code = """
with view:
    try:
        queue.enqueue(salt, 2)
    except Exception as error:
        assert "Connection" in type(error).__name__, error
    else:
        raise AssertionError
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink, SITE_REDIS="redis://127.0.0.1:1/0")
    assert own_sink.one("enqueue queuesite.jobs.salt").status == ERROR
    assert handed(own_sink) == [("queuesite.jobs.salt", "", "unsent", 0)]


LOCAL = """
import os
import overlap
from redis import Redis
from rq import Queue, Retry, SimpleWorker
from uuid import uuid4
{before}
from queuesite.plain import salt, ran, burn, again
connection = Redis.from_url(os.environ["SITE_REDIS"])
queue = Queue(uuid4().hex, connection=connection, is_async={is_async})
{code}
queue.enqueue(salt, 2, pepper=1)
SimpleWorker([queue], connection=connection).work(burst=True)
assert ran[0] == 3, ran
{more}
overlap.shutdown()
{after}
connection.close()
"""
TRACED = {
    "before": "overlap.instrument()", "code": "", "more": "", "after": "", "is_async": True,
}  # fmt: skip


def local(**parts):
    return LOCAL.format(**(TRACED | parts))


def test_a_queue_that_is_not_async_runs_its_jobs_below_their_sending(
    own_sink, send, broker, handed
):
    """In one process; one that fails is an error there, too."""
    more = """
try:
    queue.enqueue(burn)
except ValueError:
    pass
"""
    send(local(is_async=False, more=more), own_sink, SITE_REDIS=broker)
    assert handed(own_sink) == [
        ("queuesite.plain.burn", "web", "failed", 1),
        ("queuesite.plain.salt", "web", "done", 1),
    ]
    sent = own_sink.one("enqueue queuesite.plain.salt")
    assert own_sink.one("run queuesite.plain.salt").parent_id == sent.span_id


def test_a_job_that_asks_for_another_try(own_sink, send, broker, handed):
    """It returns Retry: that run is no error, and the next one counts."""
    more = """
queue.enqueue(again)
SimpleWorker([queue], connection=connection).work(burst=True)
"""
    send(local(more=more), own_sink, SITE_REDIS=broker)
    assert ("queuesite.plain.again", "web", "done", 2) in handed(own_sink)


def test_a_worker_without_overlap_runs_what_is_sent(own_sink, send, broker):
    """It keeps the field it does not know, and the job's own data are as without us."""
    more = """
job = queue.enqueue(salt, 5)
overlap.shutdown()
assert job.meta == {} and job.kwargs == {}
assert connection.hexists(job.key, "overlap_traceparent")
SimpleWorker([queue], connection=connection).work(burst=True)
assert ran[1] == 5, ran
assert connection.hexists(job.key, "overlap_traceparent")
"""
    send(local(more=more), own_sink, SITE_REDIS=broker)
    assert own_sink.names() == {
        "enqueue queuesite.plain.salt": 2,
        "run queuesite.plain.salt": 1,
    }


DOWN = """
import logging, os, time
logging.basicConfig(filename=os.environ["SITE_LOG"])
import overlap
overlap.instrument()
from redis import Redis
from rq import Queue, Worker
from uuid import uuid4
from queuesite.plain import salt
from opentelemetry import trace
from overlap.instrument.setup import active
with trace.get_tracer("t").start_as_current_span("one"):
    pass
active().telemetry.flush()
connection = Redis.from_url(os.environ["SITE_REDIS"])
queue = Queue(uuid4().hex, connection=connection)
jobs = [queue.enqueue(salt, 1) for _ in range(4)]
began = time.monotonic()
Worker([queue], connection=connection).work(burst=True)
took = time.monotonic() - began
assert [job.get_status() for job in jobs] == ["finished"] * 4
assert took < 4 * 2, took
overlap.shutdown()
connection.close()
"""


def test_a_backend_that_is_down_is_one_line_in_the_log(run, broker, tmp_path):
    """Not one for each work horse; and none of them waits for it as long as a process may."""
    log = tmp_path / "log"
    env = {"SITE_REDIS": broker, "SITE_LOG": str(log), "OTEL_EXPORTER_OTLP_TIMEOUT": "0.2"}
    run(DOWN, "http://127.0.0.1:9", **env)
    lines = [line for line in log.read_text().splitlines() if "telemetry: traces" in line]
    assert len(lines) == 2, lines  # that it fails, and at the end how many were dropped


def test_off_means_off(own_sink, send, broker):
    """After `shutdown()` the classes are as they were."""
    after = """
from rq.job import Job
from rq.worker import SimpleWorker
for method in (Queue.enqueue_job, Queue.schedule_job, Queue._enqueue_job, Queue.run_sync,
               Job.save, Job.to_dict, Job.restore, Job.perform, SimpleWorker.perform_job,
               SimpleWorker.handle_exception, SimpleWorker.handle_job_failure):
    assert "overlap" not in repr(method.__code__), method
"""
    send(local(after=after), own_sink, SITE_REDIS=broker)


@pytest.mark.parametrize("method", ["inject", "extract"])
def test_telemetry_that_fails_changes_nothing(own_sink, send, broker, method):
    """A propagator that raises: the job is sent and runs."""
    broken = f"""
from opentelemetry import propagate
def broken(*_, **__): raise RuntimeError("no")
propagate.{method} = broken
"""
    send(local(code=broken), own_sink, SITE_REDIS=broker)
    assert "enqueue queuesite.plain.salt" in own_sink.names()


def test_what_a_worker_logs_is_sent_without_arguments(own_sink, send, broker):
    """Neither the call of a job nor, where that is asked for, the message of its exception."""
    more = """
from overlap.telemetry.export import secrets
from queuesite.plain import pay
secrets.current = secrets.Secrets(messages=False)
queue.enqueue(pay, "SECRET-card", pin="SECRET-pin")
SimpleWorker([queue], connection=connection).work(burst=True)
"""
    send(local(more=more), own_sink, SITE_REDIS=broker)
    bodies = [record.body for record in own_sink.logs if record.attributes["logger"] == "rq.worker"]
    assert [body for body in bodies if "queuesite.plain.pay" in body and "Traceback" in body]
    assert not [body for body in bodies if "SECRET" in body]
