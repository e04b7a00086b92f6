"""A block of which only the mark was sent is a block that was not seen to end."""

from __future__ import annotations

import pytest

from overlap import names, verdict
from overlap.judge import Blocked

PLACE = {
    names.CODE_FILE_PATH: "app/views.py",
    names.CODE_LINE_NUMBER: 7,
    names.CODE_FUNCTION_NAME: "overcook",
    names.BLOCKED_KIND: names.BLOCK_SLEEP,
}
AT = "app/views.py:7 in overcook"


def mark(span, ms=5000.0, **attributes):
    ids = {names.BLOCKED_SPAN_ID: "b", names.BLOCKED_MS: ms}
    return span("m", names.SPAN_HUNG, 6000, 6000, "1", attributes=PLACE | ids | attributes)


def test_a_mark_alone_is_a_block_with_its_victims(span):
    """It lasted from before the mark until it; the request it blocked was never sent."""
    waited = span("2", "GET /slow", 2000, 7000, kind="server")
    found = verdict([mark(span), waited])
    assert found.blocked == [Blocked(5000.0, AT, ["GET /slow"], "b", ["2"], True)]
    assert found.shapes == ["blocking"]
    (why,) = [each.text for each in found.why if "overcook" in each.text]
    assert why == (
        "one request was blocked for at least 5.0 s because overcook slept on the event loop "
        "at app/views.py:7, and was not seen to end"
    )


def test_a_block_that_was_sent_is_the_block(span):
    """The mark says nothing then: whether it ended, or the next process reported it."""
    request = span("1", "GET /burn/", 900, 9000, kind="server")
    ended = span("b", names.SPAN_BLOCKED, 1000, 8500, "1", attributes=PLACE)
    found = verdict([request, mark(span), ended])
    assert found.blocked == [Blocked(7500.0, AT, [], "b", [])]
    assert found.warnings == []  # the block is there once
    left = {**PLACE, names.BLOCKED_UNFINISHED: True}
    reported = span("b", names.SPAN_BLOCKED, 1000, 8500, "1", attributes=left)
    (block,) = verdict([mark(span), reported]).blocked
    assert (block.ms, block.unfinished) == (7500.0, True)


@pytest.mark.parametrize("ms", ["long", True, -1.0, float("inf"), float("nan"), None])
def test_a_mark_without_a_duration_is_a_block_still(span, ms):
    """How long it lasted is then unknown; nothing is refused for it."""
    (block,) = verdict([mark(span, ms)]).blocked
    assert (block.culprit, block.unfinished) == (AT, True)


def test_a_mark_is_no_work_of_its_request(span):
    """It is evidence: it joins no group of children, and an older one without an id names none."""
    request = span("1", "GET /burn/", 900, 9000, kind="server")
    child = span("2", "SELECT", 950, 990, "1")
    old = mark(span, **{names.BLOCKED_SPAN_ID: ""})
    found = verdict([request, child, old])
    assert found.blocked == []
    assert found.groups == verdict([request, child]).groups
