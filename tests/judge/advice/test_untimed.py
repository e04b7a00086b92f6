"""Advice that saves no time: a stream made before it is sent, a failed gather that continues."""

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.trace import Span

MakeSpan = Callable[..., Span]
VIEW = {
    names.CODE_FILE_PATH: "shop/views.py",
    names.CODE_LINE_NUMBER: 7,
    names.CODE_FUNCTION_NAME: "order",
}


def stream(first_ms: float, name: str = "parts") -> dict[str, Any]:
    """The attributes of a response whose sync iterator has this name."""
    return {**VIEW, names.SYNC_ITERATOR: name, names.FIRST_PART_MS: first_ms}


def test_a_sync_iterator_could_send_each_part_when_it_is_made(span: MakeSpan) -> None:
    """The response takes as long as before; its client does not wait for all of it."""
    spans = [span("1", "GET /parts/", 0, 900, kind="server", attributes=stream(890.0))]
    (advice,) = verdict(spans).advice
    assert (advice.change, advice.at) == ("async_iterator", "shop/views.py:7 in order")
    assert (advice.saves_ms, advice.others_ms, advice.span_ids) == (0, 0, ["1"])
    assert advice.text == (
        "make parts asynchronous: its first part is sent as soon as it is made, and not after "
        "890 ms, if what it waits for can be awaited"
    )


@pytest.mark.parametrize(("first_ms", "length"), [(49.0, 60), (400.0, 900)])
def test_an_early_first_part_needs_no_change(
    span: MakeSpan, first_ms: float, length: float
) -> None:
    """It is sent soon, or what follows it takes longer."""
    spans = [span("1", "GET /parts/", 0, length, kind="server", attributes=stream(first_ms))]
    assert verdict(spans).advice == []


def gathered(
    span: MakeSpan,
    *,
    how: str = "gather",
    by: int = 3,
    began: float = 10,
    ended: float = 900,
    status: str = "error",
) -> list[Span]:
    """A request that gathers two calls, of which the shorter one fails after 200 ms."""
    edge = f"10000+190000 1 {how} {by} shop/views.py:9 in order"
    request = {**VIEW, names.AWAIT_TASK: 1, names.AWAIT_EDGES: edge}
    return [
        span("1", "GET /order/", 0, 210, kind="server", attributes=request),
        span("2", "stock", began, ended, "1", attributes={names.AWAIT_TASK: 2}),
        span("3", "price", 10, 200, "1", attributes={names.AWAIT_TASK: 3}, status=status),
    ]


def test_a_task_group_would_cancel_what_a_failed_gather_leaves(span: MakeSpan) -> None:
    """The change is at the line that gathers; the failed call and the other are the evidence."""
    (advice,) = verdict(gathered(span)).advice
    assert (advice.change, advice.at) == ("task_group", "shop/views.py:9 in order")
    assert (advice.parent_id, advice.span_ids, advice.saves_ms) == ("1", ["3", "2"], 0)
    assert advice.text == (
        "wait with asyncio.TaskGroup, which cancels stock when price fails (gather let it continue "
        "for 700 ms), if nothing else needs the result"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"how": "task_group"},
        {"status": "unset"},  # the gather ended in another way
        {"by": 2},  # another call ended the wait
        {"began": 1},  # started before: a task of its own
        {"ended": 245},  # it ends soon
        {"ended": 205},  # within the response
    ],
    ids=str,
)
def test_other_waits_are_no_failed_gather(span: MakeSpan, changes: dict[str, Any]) -> None:
    """Nothing is said where the record shows anything else."""
    assert "task_group" not in {each.change for each in verdict(gathered(span, **changes)).advice}
