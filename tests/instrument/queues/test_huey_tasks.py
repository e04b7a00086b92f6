"""huey on a real Redis, with its own consumer process: one trace, from the sender and back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.instrument.conftest import until
from tests.instrument.queues.of_task import first_message

PRODUCER, CONSUMER, ERROR = 4, 5, 2
CONSUMER_SCRIPT = str(Path(sys.executable).with_name("huey_consumer"))
SEND = """
import overlap
overlap.instrument()
from opentelemetry import trace
from queuesite.hive import burn, huey, known, refused, salt
view = trace.get_tracer("t").start_as_current_span("view")
{code}
assert trace.get_current_span() is trace.INVALID_SPAN
overlap.shutdown()
huey.storage.pool.disconnect()
"""
EVERYTHING = """
with view:
    salt(2, pepper=1)
    burn()
    known()
    salt.schedule((3,), delay=1)
    salt.s(4).then(salt, pepper=2)
    huey.enqueue(salt.s(5).then(salt))
    refused()
    doomed = salt.schedule((6,), delay=1)
    doomed.revoke()
    assert trace.get_current_span().name == "view"
"""


@pytest.fixture(scope="module")
def sink(module_sink, worker, send, broker, handed):
    """What a sender and a consumer have sent, when every task has ended."""
    with worker(CONSUMER_SCRIPT, "queuesite.hive.huey", "-w", "1", "-C") as log:
        send(SEND.format(code=EVERYTHING), module_sink, SITE_REDIS=broker)

        def ended():
            ends = [end for _, _, end, _ in handed(module_sink)]
            return len(ends) == 8 and not {"waiting", "unseen"} & set(ends)

        until(ended, f"every task ends; {log.read_text()}")
    return module_sink


def of_task(sink, name):
    """The spans of one task's first message: where it was sent, and its runs."""
    return first_message(sink, "enqueue", f"queuesite.hive.{name}")


def test_one_trace_from_the_sender_into_the_consumer(sink):
    """Its run is below the sending, and what the task does is below its run."""
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
                "messaging.system": "huey",
                "messaging.operation.name": name,
                "messaging.operation.type": kind,
                "messaging.destination.name": "hive",
                "overlap.queue.task": "queuesite.hive.salt",
            }.items()
        )


def test_a_retry_is_another_run_of_the_same_task(sink):
    """Each says why; only the last is an error, and the task was sent once."""
    sent, (first, last) = of_task(sink, "burn")
    assert len(sink.named("enqueue queuesite.hive.burn")) == 1
    assert (first.parent_id, last.parent_id) == (sent.span_id, sent.span_id)
    assert [run.events[0][1]["exception.message"] for run in (first, last)] == ["burnt", "burnt"]
    assert (first.status == ERROR, last.status == ERROR) == (False, True)
    assert first.attributes["overlap.queue.state"] == "retry"
    assert last.attributes["overlap.queue.retries"] == 1


def test_the_verdict_says_what_became_of_each(sink, handed):
    """A scheduled one, and both of a pipeline, are done; what was refused or revoked never ran."""
    assert [(task.rpartition(".")[2], *rest) for task, *rest in handed(sink)] == [
        ("burn", "worker", "failed", 2),
        ("known", "worker", "done", 1),
        ("refused", "worker", "revoked", 0),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "revoked", 0),
    ]


def test_a_sending_that_fails_is_an_error(own_sink, send, handed):
    """No Redis answers: the error reaches the view, and the task is unsent."""
    code = """
with view:
    try:
        salt(2)
    except Exception as error:
        assert "Connection" in type(error).__name__, error
    else:
        raise AssertionError
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink, SITE_REDIS="redis://127.0.0.1:1/0")
    assert own_sink.one("enqueue queuesite.hive.salt").status == ERROR
    assert handed(own_sink) == [("queuesite.hive.salt", "", "unsent", 0)]


LOCAL = """
import overlap
from huey import MemoryHuey
{before}
huey = MemoryHuey("shelf", **{options})
ran = []
@huey.task(retries=1)
def salt(grams, *, pepper=0):
    ran.append(grams + pepper)
@huey.task()
def group_of():
    pass
{code}
result = salt(2, pepper=1)
while (task := huey.dequeue()) is not None:
    huey.execute(task)
assert ran == [3], ran
overlap.shutdown()
{after}
"""
TRACED = {"before": "overlap.instrument()", "options": "{}", "code": "", "after": ""}


def local(**parts):
    return LOCAL.format(**(TRACED | parts))


def test_immediate_tasks_run_below_their_sending(own_sink, send, handed):
    """In one process, where huey is `immediate`."""
    send(local(options="dict(immediate=True)"), own_sink)
    assert handed(own_sink) == [("__main__.salt", "web", "done", 1)]
    sent, run = own_sink.one("enqueue __main__.salt"), own_sink.one("run __main__.salt")
    assert run.parent_id == sent.span_id


def test_a_consumer_without_overlap_reads_what_is_sent(own_sink, send):
    """The message is plain pickle of huey's own classes, with plain keyword arguments."""
    code = """
import pickletools
salt(2, pepper=1)
(data,) = huey.storage.enqueued_items()
used = {arg for op, arg, _ in pickletools.genops(data) if isinstance(arg, str)}
assert not [each for each in used if each.startswith("overlap.")], used
overlap.shutdown()
huey.execute(huey.dequeue())
assert ran == [3], ran
ran.clear()
"""
    send(local(code=code), own_sink)
    assert own_sink.names() == {"enqueue __main__.salt": 1}


def test_off_means_off(own_sink, send):
    """After `shutdown()` the class and its tasks are as they were."""
    after = """
for name in ("enqueue", "_execute", "_emit"):
    assert "overlap" not in repr(vars(type(huey).__mro__[1])[name].__code__), name
"""
    send(local(after=after), own_sink)


@pytest.mark.parametrize("method", ["inject", "extract"])
def test_telemetry_that_fails_changes_nothing(own_sink, send, method):
    """A propagator that raises: the task is sent and runs."""
    broken = f"""
from opentelemetry import propagate
def broken(*_, **__): raise RuntimeError("no")
propagate.{method} = broken
"""
    send(local(code=broken), own_sink)
    assert "enqueue __main__.salt" in own_sink.names()
