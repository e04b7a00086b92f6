"""What a verdict says about waits for locks, queues, pools and timers."""

from __future__ import annotations

import pytest

from overlap import names, verdict
from overlap.judge import Why


def wait(span, number, start, end, kind="lock", **more):
    """Make the span of a wait at app/views.py:41."""
    attributes = {
        names.WAIT_KIND: kind,
        names.CODE_FILE_PATH: "app/views.py",
        names.CODE_LINE_NUMBER: 41,
        names.CODE_FUNCTION_NAME: "smoke",
        **more,
    }
    return span(str(number), f"{kind}.wait", start, end, "1", attributes=attributes)


def request(span, **attributes):
    return span("1", "GET /", 0, 300, kind="server", attributes=attributes)


def waits(spans):
    """Return the sentences about waits."""
    return [reason for reason in verdict(spans).why if " waited " in reason.text]


HELD = {
    names.WAIT_BY_TASK: "Task-7",
    names.WAIT_BY_SPAN: "GET /report",
    names.WAIT_BY_LINE: "app/views.py:60 in report",
}


def test_a_wait_for_a_lock_names_both_lines(span):
    """The request that waited and the one that held the lock."""
    spans = [request(span), wait(span, 2, 10, 222, **HELD)]
    assert waits(spans) == [
        Why(
            "the response waited 212 ms for a lock at app/views.py:41 in smoke; "
            "it was held by GET /report, at app/views.py:60 in report",
            ["1", "2"],
        )
    ]


def test_a_wait_that_was_given_up_is_reported_as_such(span):
    """And of the holder no more than was found."""
    spans = [request(span), wait(span, 2, 10, 222, **{names.WAIT_GIVEN_UP: True})]
    assert [each.text for each in waits(spans)] == [
        "the response waited 212 ms for a lock at app/views.py:41 in smoke, and gave up"
    ]


@pytest.mark.parametrize(
    ("by", "who"),
    [
        ({names.WAIT_BY_TASK: "Task-7"}, "the task Task-7"),
        ({names.WAIT_BY_LINE: "a.py:1 in f"}, "code at a.py:1 in f"),
        ({names.WAIT_BY_SPAN: "GET /\x1b[0m"}, "GET /?[0m"),
    ],
)
def test_who_ended_it_is_said_as_far_as_known(span, by, who):
    """A task without a request, a callback of the loop, and a name that is not printable."""
    (reason,) = waits([request(span), wait(span, 2, 10, 222, **by)])
    assert reason.text.endswith(f"; it was held by {who}")


def test_waits_at_one_line_are_one_sentence(span):
    """Time that two tasks waited at once counts once; the longest wait's holder is named."""
    spans = [
        request(span),
        wait(span, 2, 10, 110),
        wait(span, 3, 60, 210, **HELD),
        wait(span, 4, 220, 240, kind="queue_get"),
    ]
    assert [each.text for each in waits(spans)] == [
        "the response waited 200 ms in 2 waits for a lock at app/views.py:41 in smoke; "
        "the longest was held by GET /report, at app/views.py:60 in report",
        "the response waited 20 ms for an item of a queue at app/views.py:41 in smoke",
    ]


def test_waiting_is_not_work(span):
    """Two waits one after the other are no serial work, and what they cover is not uncovered."""
    spans = [request(span), wait(span, 2, 0, 150), wait(span, 3, 150, 300)]
    found = verdict(spans)
    assert found.shapes == ["single"]
    assert found.groups == []
    assert found.uncovered_ms == 0
