"""dramatiq on a real Redis, with its own worker process: one trace, from the sender and back."""

from __future__ import annotations

import pytest

from tests.instrument.conftest import until
from tests.instrument.queues.of_task import first_message

PRODUCER, CONSUMER, ERROR = 4, 5, 2
SEND = """
import overlap
overlap.instrument()
from opentelemetry import trace
from queuesite.actors import broker, burn, rest, salt, stale
view = trace.get_tracer("t").start_as_current_span("view")
{code}
assert trace.get_current_span() is trace.INVALID_SPAN
overlap.shutdown()
broker.close()
"""
EVERYTHING = """
import time
with view:
    salt.send(2)
    rest.send(0.01)
    burn.send()
    salt.send_with_options(args=(3,), delay=50)
    stale.send_with_options(delay=50)
    (salt.message(4) | salt.message_with_options(args=(5,), pipe_ignore=True)).run()
    assert trace.get_current_span().name == "view"
"""


@pytest.fixture(scope="module")
def sink(module_sink, worker, send, broker, handed):
    """What a sender and a worker have sent, when every task has ended."""
    with worker("-m", "dramatiq", "queuesite.actors", "--processes", "1", "--threads", "2") as log:
        send(SEND.format(code=EVERYTHING), module_sink, SITE_REDIS=broker)

        def ended():
            ends = [end for _, _, end, _ in handed(module_sink)]
            return len(ends) == 7 and not {"waiting", "unseen"} & set(ends)

        until(ended, f"every task ends; {log.read_text()}")
    return module_sink


def of_task(sink, name):
    """The spans of one actor's first message: where it was sent, and its runs."""
    return first_message(sink, "send", name)


def test_one_trace_from_the_sender_into_the_worker(sink):
    """Its run is below the sending, and what the actor does is below its run."""
    sent, (run,) = of_task(sink, "salt")
    view = sink.one("view")
    assert (sent.parent_id, run.parent_id) == (view.span_id, sent.span_id)
    assert (sent.kind, run.kind) == (PRODUCER, CONSUMER)
    assert run.span_id in {span.parent_id for span in sink.named("shake")}
    assert {span.name for span in sink.spans if span.trace_id != view.trace_id} == set()
    assert [run.resource["service.name"], sent.resource["service.name"]] == ["worker", "web"]
    for span, kind in ((sent, "send"), (run, "process")):
        assert span.attributes["messaging.system"] == "dramatiq"
        assert span.attributes["messaging.operation.type"] == kind
        assert span.attributes["messaging.destination.name"] == "default"
        assert span.attributes["overlap.queue.task"] == "salt"


def test_an_async_actor(sink):
    """What it awaits on the worker's event loop is below its run."""
    _, (run,) = of_task(sink, "rest")
    assert sink.one("sit").parent_id == run.span_id


def test_a_retry_is_another_run_of_the_same_message(sink):
    """Each says why; only the last is an error, and the message was sent once."""
    sent, (first, last) = of_task(sink, "burn")
    assert len(sink.named("send burn")) == 1
    assert (first.parent_id, last.parent_id) == (sent.span_id, sent.span_id)
    assert [run.events[0][1]["exception.message"] for run in (first, last)] == ["burnt", "burnt"]
    assert (first.status == ERROR, last.status == ERROR) == (False, True)
    assert first.attributes["overlap.queue.state"] == "retry"
    assert "overlap.queue.retries" not in first.attributes
    assert last.attributes["overlap.queue.retries"] == 1


def test_the_verdict_says_what_became_of_each(sink, handed):
    """Delayed ones and those of a pipeline too; one that was too old is revoked."""
    assert handed(sink) == [
        ("burn", "worker", "failed", 2),
        ("rest", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("salt", "worker", "done", 1),
        ("stale", "worker", "revoked", 0),
    ]


def test_the_next_message_of_a_pipeline_is_sent_by_the_run_before(sink):
    """The worker sends it: below the run whose result it takes."""
    sent = sorted(sink.named("send salt"), key=lambda span: span.start)
    runs = {span.span_id for span in sink.named("run salt")}
    assert [span.parent_id in runs for span in sent] == [False, False, False, True]


def test_a_sending_that_fails_is_an_error(own_sink, send, handed):
    """No Redis answers: the error reaches the view, and the message is unsent."""
    code = """
with view:
    try:
        salt.send(2)
    except Exception as error:
        assert "Connection" in type(error).__name__, error
    else:
        raise AssertionError
    assert trace.get_current_span().name == "view"
"""
    send(SEND.format(code=code), own_sink, SITE_REDIS="redis://127.0.0.1:1/0")
    assert own_sink.one("send salt").status == ERROR
    assert handed(own_sink) == [("salt", "", "unsent", 0)]


LOCAL = """
import overlap
import dramatiq
from dramatiq.brokers.stub import StubBroker
{before}
broker = StubBroker()
dramatiq.set_broker(broker)
ran = []
@dramatiq.actor
def salt(grams):
    ran.append(grams)
overlap.instrument()
{code}
salt.send(2)
worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
worker.start()
broker.join("default")
worker.join()
worker.stop()
broker.close()
assert ran == [2]
overlap.shutdown()
{after}
"""


def test_a_broker_that_was_there_before_us_and_off_means_off(own_sink, send, handed):
    """Made before `instrument()` it is traced; after `shutdown()` nothing of ours is left."""
    after = """
from dramatiq.worker import WorkerThread
from dramatiq.broker import Broker, MessageProxy
for method in (StubBroker.enqueue, WorkerThread.process_message, Broker.emit_after,
               MessageProxy.stuff_exception, Broker.__init__):
    assert "overlap" not in repr(method.__code__), method
"""
    send(LOCAL.format(before="", code="", after=after), own_sink)
    assert handed(own_sink) == [("salt", "web", "done", 1)]


@pytest.mark.parametrize("method", ["inject", "extract"])
def test_telemetry_that_fails_changes_nothing(own_sink, send, method):
    """A propagator that raises: the message is sent and runs."""
    broken = f"""
from opentelemetry import propagate
def broken(*_, **__): raise RuntimeError("no")
propagate.{method} = broken
"""
    send(LOCAL.format(before="", code=broken, after=""), own_sink)
    assert "send salt" in own_sink.names()
