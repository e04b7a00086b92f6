"""Work that is handed to a worker: whose it is, what became of it, and what was lost on the way."""

from __future__ import annotations

from overlap import names, verdict
from overlap.judge import Background
from overlap.judge.model import QueuedTask
from overlap.judge.summary import sentence

TASK = {names.CELERY_TASK_NAME: "season", names.MESSAGING_MESSAGE_ID: "m1"}
PLACE = {names.TASK_ID: "t1", names.TASK_NAME: "smoke"}


def request(span):
    return span("1", "GET /", 0, 10, kind="server")


def sending(span, span_id="2", parent="1", start=5, **attributes):
    return span(
        span_id, "apply_async/season", start, start + 1, parent,
        kind="producer", attributes=TASK | attributes,
    )  # fmt: skip


def run(span, span_id, start, end, *, parent="2", state="SUCCESS"):
    return span(
        span_id, "run/season", start, end, parent, kind="consumer",
        service="worker", attributes=TASK | ({names.CELERY_STATE: state} if state else {}),
    )  # fmt: skip


def test_what_a_worker_does_is_background_of_the_request_that_asked(span):
    """Past the response, in another service: the run, and what is below it."""
    found = verdict(
        [
            request(span),
            sending(span),
            run(span, "3", 20, 60),
            span("4", "tick", 21, 50, "3", service="worker"),
        ]
    )
    assert found.shapes == ["background"]
    assert found.background == [Background("run/season", 50.0, "3")]
    assert found.handed == [QueuedTask("season", "worker", "done", 1, 14.0, "2", ["3"])]
    assert "season done by worker" in sentence(found)


def test_tries_of_one_message_are_one_task(span):
    """Each try is sent anew, below the one before, with the message's own id."""
    found = verdict(
        [
            request(span),
            sending(span),
            run(span, "3", 20, 30, state="RETRY"),
            sending(span, "4", "3", 25),
            run(span, "5", 40, 50, parent="4"),
        ]
    )
    assert found.handed == [QueuedTask("season", "worker", "done", 2, 14.0, "2", ["3", "5"])]


def test_a_failure_an_open_end_and_nobody_are_told_apart(span):
    """The exception's run, one that runs still, and a message that no worker took."""
    failed = verdict([request(span), sending(span), run(span, "3", 20, 30, state="FAILURE")])
    running = verdict([request(span), sending(span), run(span, "3", 20, None, state=None)])
    alone = verdict([request(span), sending(span)])
    ends = [
        (item.end, item.worker, item.tries) for it in (failed, running, alone) for item in it.handed
    ]
    assert ends == [("failed", "worker", 1), ("waiting", "worker", 1), ("unseen", "", 0)]


def test_what_is_called_off_has_its_mark_for_a_run(span):
    """Before it began there is no run; in the middle there is one, cut short."""
    mark = run(span, "9", 15, 15, state="REVOKED")
    before = verdict([request(span), sending(span), mark])
    middle = verdict([request(span), sending(span), run(span, "3", 8, 14, state=None), mark])
    assert before.handed == [QueuedTask("season", "worker", "revoked", 0, 9.0, "2")]
    assert middle.handed == [QueuedTask("season", "worker", "revoked", 1, 2.0, "2", ["3"])]


def test_other_queues_say_it_by_the_conventions(span):
    """Without Celery's attributes: named by the destination, judged by the span's status."""
    queue = {names.MESSAGING_DESTINATION_NAME: "orders"}
    found = verdict(
        [
            span("2", "send orders", 0, 1, kind="producer", attributes=queue),
            span("3", "process orders", 2, 9, "2", kind="consumer", service="w", status="error"),
        ]
    )
    assert found.handed == [QueuedTask("orders", "w", "failed", 1, 1.0, "2", ["3"])]


def test_a_task_of_which_only_the_mark_is_left_keeps_what_ran_below_it(span):
    """Its process was killed before its span was sent: the mark says which span that is."""
    mark = span(
        "2", names.SPAN_TASK_STARTED, 5, 5, "1", attributes=PLACE | {names.TASK_SPAN_ID: "3"}
    )
    found = verdict([request(span), mark, span("4", "tick", 6, 40, "3")])
    assert found.lost == ["smoke"]
    assert [group.parent for group in found.groups] == ["GET /", "smoke"]
    assert not any("parent" in warning for warning in found.warnings)


def test_an_unended_span_lasts_as_long_as_its_process_is_known_to_live(span):
    """Not to the end of a trace that others went on with."""
    here, there = ({names.SERVICE_INSTANCE_ID: which} for which in ("a", "b"))
    found = verdict(
        [
            span("1", "GET /", 0, 10, kind="server", resource=here),
            span("2", "smoke", 5, None, "1", resource=here),
            span("3", "tick", 6, 40, "2", resource=here),
            span("4", "run", 20, 900, "1", resource=there, service="worker"),
        ]
    )
    assert Background("smoke", 30.0, "2") in found.background
    assert "of its process" in found.warnings[0]


def test_every_queue_shows_tries_failure_and_revocation(span):
    """By our own attributes, where the queue is not Celery: the name, and how each run ended."""
    message = {names.QUEUE_TASK: "season", names.MESSAGING_MESSAGE_ID: "m1"}
    place = {names.MESSAGING_DESTINATION_NAME: "default"}
    sent = span("2", "send season", 5, 6, "1", kind="producer", attributes=message | place)

    def ran(span_id, start, state, worker="worker"):
        return span(
            span_id, "run season", start, start + 10, "2", kind="consumer", service=worker,
            attributes=message | place | {names.QUEUE_STATE: state},
        )  # fmt: skip

    def end(*runs):
        (item,) = verdict([request(span), sent, *runs]).handed
        return item.task, item.end, item.tries

    again, other = ran("3", 20, names.QUEUE_RETRY), "worker-2"
    assert end(again) == ("season", "waiting", 1)
    assert end(again, ran("4", 40, names.QUEUE_DONE, other)) == ("season", "done", 2)
    assert end(again, ran("4", 40, names.QUEUE_FAILED)) == ("season", "failed", 2)
    assert end(ran("3", 20, names.QUEUE_REVOKED)) == ("season", "revoked", 0)
