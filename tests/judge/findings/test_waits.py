"""What a request awaited where it has no span: read from the lens's rows, and said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.trace import Span

MakeSpan = Callable[..., Span]
TIMER = "0+300000 timer app/views.py:41 in smoke (asyncio.sleep)"
LOCK = "300000+200000 lock app/views.py:44 in smoke (lock)"


def request(span: MakeSpan, *rows: str, **more: Any) -> Span:
    """A request of 600 ms that awaited these rows."""
    figures = {names.LOOP_RUNNING_MS: 20.0, names.LOOP_AWAITING_MS: 580.0}
    known = {names.LOOP_AWAITED: "\n".join(rows), **figures, **more}
    return span("1", "GET /", 0, 600, kind="server", attributes=known)


def said(*spans: Span) -> str:
    """What is said about the part without spans."""
    (found,) = (why.text for why in verdict([*spans]).why if "have no span" in why.text)
    return found.partition("have no span: ")[2]


def test_each_line_is_said_with_what_was_awaited_there(span: MakeSpan) -> None:
    """The longest first; what no row tells of stays unknown."""
    assert said(request(span, LOCK, TIMER)) == (
        "20 ms ran on the event loop, "
        "300 ms awaited a timer at app/views.py:41 in smoke (asyncio.sleep), "
        "200 ms awaited a lock at app/views.py:44 in smoke (lock), "
        "80 ms awaited something that has no span"
    )


def test_the_same_line_is_counted_once(span: MakeSpan) -> None:
    """A loop of sleeps is one part."""
    rows = (f"{at}+100000 other a.py:1 in f (get)" for at in (0, 150_000, 300_000))
    assert "300 ms awaited something that has no span at a.py:1 in f (get)" in said(
        request(span, *rows)
    )


def test_only_what_no_span_covers_counts(span: MakeSpan) -> None:
    """A span of a thread may run while the request waits: the rest of that wait is uncovered."""
    text = said(request(span, TIMER), span("2", "work", 50, 260, "1"))
    assert "90 ms awaited a timer at" in text


def test_a_wait_for_a_thread_is_said_with_what_ran_there(span: MakeSpan) -> None:
    """The row is left out, the function is named."""
    row = "0+300000 thread app/views.py:41 in smoke (asyncio.to_thread)"
    ran = {
        names.THREAD_CALLS: 2,
        names.THREAD_RUNNING_MS: 310.0,
        names.THREAD_FUNCTIONS: "300.000 app.oven.heat\n10.000 receivers app.log",
    }
    text = said(request(span, row, **ran))
    assert "up to 310 ms ran in a thread (app.oven.heat and receivers app.log)" in text
    assert "awaited a" not in text


def test_no_more_is_said_than_there_is(span: MakeSpan) -> None:
    """Rows longer than the request, which a hostile trace may hold, add up to its duration."""
    text = said(request(span, "0+99999999999 timer a.py:1 in f", "5+99999999999 lock b.py:1 in g"))
    assert text == "20 ms ran on the event loop, 580 ms awaited a timer at a.py:1 in f"


@pytest.mark.parametrize("rows", ["", "nonsense", "1+2", "-1+5 timer x", "\x00", 7, "1+x timer f"])
def test_what_is_no_row_is_ignored(span: MakeSpan, rows: Any) -> None:
    """Attributes hold anything."""
    given = span("1", "GET /", 0, 600, kind="server", attributes={names.LOOP_AWAITED: rows})
    assert said(given) == "the trace does not show what happened there"


def test_a_stream_of_a_sync_iterator_is_said_to_be_made_first(span: MakeSpan) -> None:
    """Whatever else is known of the request."""
    iterates = {names.SYNC_ITERATOR: "export.<locals>.rows"}
    found = verdict([span("1", "GET /export/", 0, 600, kind="server", attributes=iterates)])
    assert (
        "nothing of the response was sent before all of it was made: its iterator "
        "(export.<locals>.rows) is synchronous, and Django runs that in a thread"
    ) in [why.text for why in found.why]
