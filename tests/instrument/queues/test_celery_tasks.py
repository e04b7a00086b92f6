"""What Celery sends and does is traced by overlap.instrument(), wherever it is imported."""

from __future__ import annotations

import textwrap

PRODUCER, CONSUMER, ERROR = 4, 5, 2
DRIVER = """
import overlap
overlap.instrument()
from celery import Celery
from opentelemetry import trace

celery = Celery("t", broker=BROKER, backend="cache+memory://")
celery.conf.task_ignore_result = True
view = trace.get_tracer("t").start_as_current_span("view")

@celery.task(name="season", bind=True, max_retries=1)
def season(self, fails=False):
    if fails:
        raise self.retry(exc=ConnectionError("no salt"), countdown=0)
"""


def spans(own_sink, run, code, broker="memory://"):
    driver = f"BROKER = {broker!r}" + DRIVER + textwrap.dedent(code)
    run(driver + "overlap.shutdown()\n", own_sink.url)
    return own_sink


def test_a_message_is_a_span_of_who_sent_it(own_sink, run):
    """Producer, by the conventions' names; what follows is not below it."""
    code = """
    with view:
        season.delay()
        celery.send_task("salt")
        assert trace.get_current_span().name == "view"
    """
    sink = spans(own_sink, run, code)
    view = sink.one("view")
    for name in ("apply_async/season", "apply_async/salt"):
        span = sink.one(name)
        assert (span.kind, span.parent_id) == (PRODUCER, view.span_id)
        assert span.attributes["messaging.system"] == "celery"
        assert span.attributes["messaging.operation.type"] == "send"
        assert span.attributes["messaging.destination.name"] == "celery"


def test_a_sending_that_fails_ends_with_its_error(own_sink, run):
    """The broker is gone: the span says so, and what the request does next is not below it."""
    code = """
    from kombu.exceptions import OperationalError

    with view:
        try:
            season.apply_async(retry=False)
        except OperationalError:
            pass
        else:
            raise AssertionError
        assert trace.get_current_span().name == "view"
    """
    sink = spans(own_sink, run, code, "redis://127.0.0.1:1/0")
    sent = sink.one("apply_async/season")
    assert sent.status == ERROR
    assert sent.parent_id == sink.one("view").span_id


def test_a_try_that_is_not_the_last_says_why(own_sink, run):
    """The reason is an exception on the run's span; only the last run is an error."""
    code = """
    season.apply(kwargs={"fails": True})
    """
    sink = spans(own_sink, run, code)
    runs = sorted(sink.named("run/season"), key=lambda span: "celery.retries" in span.attributes)
    assert [span.kind for span in runs] == [CONSUMER, CONSUMER]
    assert {span.events[0][1]["exception.message"] for span in runs} == {"no salt"}
    assert {span.attributes["celery.state"] for span in runs} == {"RETRY", "FAILURE"}


def test_off_means_off(own_sink, run):
    """After shutdown() Celery is as it was: no receiver, no wrapper."""
    code = """
    overlap.shutdown()
    from celery import signals
    for signal in (signals.before_task_publish, signals.task_prerun, signals.task_revoked):
        assert not [each for _, each in signal.receivers if "overlap" in repr(each)]
    assert not hasattr(Celery.send_task, "__wrapped__")
    season.delay()
    """
    assert spans(own_sink, run, code).names() == {}
