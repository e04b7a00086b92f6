"""Calls that ran in a row and are not advised to be gathered: it could not be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.trace import Span

MakeSpan = Callable[..., Span]
QUERY = {names.DB_SYSTEM_NAME: "postgresql"}


def gathered(spans: list[Span]) -> list[list[str]]:
    """The spans of each advice to gather."""
    return [item.span_ids for item in verdict(spans).advice if item.change == "gather"]


def row(span: MakeSpan, *parts: dict[str, Any], **above: Any) -> list[Span]:
    """A request of calls in a row, 100 ms each."""
    spans = [span("0", "GET /", 0, 100 * len(parts), kind="server", attributes=above)]
    for n, part in enumerate(parts, start=1):
        fields = {"name": f"call {n}", "kind": "internal"} | part
        name = fields.pop("name")
        spans.append(span(str(n), name, 100 * n - 100, 100 * n, "0", **fields))
    return spans


@pytest.mark.parametrize(
    "writes",
    [
        {"kind": "client", "attributes": {"http.request.method": "POST"}},
        {"kind": "client", "attributes": {"http.method": "DELETE"}},
        {"kind": "producer"},
        {"attributes": QUERY | {names.DB_QUERY: "insert into meats values (1)"}},
        {"attributes": QUERY, "name": "UPDATE meats"},
    ],
)
def test_what_has_an_effect_stays_behind_what_may_fail(
    span: MakeSpan, writes: dict[str, Any]
) -> None:
    """An exception of the first call prevents it today. As the first, it may be gathered."""
    assert gathered(row(span, {}, writes)) == []
    assert gathered(row(span, writes, {})) == [["1", "2"]]
    assert gathered(row(span, {}, writes, {})) == [["1", "3"]]


def test_an_effect_below_a_call_counts(span: MakeSpan) -> None:
    """A step is what it does."""
    inside = span("9", "POST", 110, 190, "2", kind="client", attributes={"http.method": "POST"})
    assert gathered([*row(span, {}, {}), inside]) == []


def test_queries_of_one_thread_share_its_connection(span: MakeSpan) -> None:
    """One of them may run beside a call of HTTP."""
    query = {"attributes": QUERY | {names.THREAD_ID: 7, names.DB_QUERY: "SELECT 1"}}
    assert gathered(row(span, query, {}, query)) == [["1", "2"]]
    other = {"attributes": QUERY | {names.THREAD_ID: 8, names.DB_QUERY: "SELECT 1"}}
    assert gathered(row(span, query, {}, other)) == [["1", "2", "3"]]


@pytest.mark.parametrize("end", [names.DB_COMMIT_MS, names.DB_ROLLBACK_MS])
def test_queries_of_one_transaction_are_not_gathered(span: MakeSpan, end: str) -> None:
    """A transaction is one connection, whichever threads its queries ran in."""
    queries = [
        {"attributes": QUERY | {names.THREAD_ID: n, names.DB_QUERY: f"SELECT a{n}"}} for n in (1, 2)
    ]
    assert gathered(row(span, *queries)) == [["1", "2"]]
    assert gathered(row(span, *queries, **{end: 1.0})) == []


def test_tasks_that_waited_for_each_other_are_gathered_already(span: MakeSpan) -> None:
    """A lock put them in a row. Tasks that the request awaited in a row can be gathered."""
    for edge, expected in (("0+100000 3 lock 2", []), ("0+100000 1 await 2", [["1", "2"]])):
        tasks = [{"attributes": {names.AWAIT_TASK: n}} for n in (2, 3)]
        edges = f"{edge}\n100000+100000 1 await 3"
        above = {names.AWAIT_TASK: 1, names.AWAIT_EDGES: edges}
        assert gathered(row(span, *tasks, **above)) == expected
    own = [{"attributes": {names.AWAIT_TASK: 2}}, {}]
    above = {names.AWAIT_TASK: 1, names.AWAIT_EDGES: "0+100000 1 await 2"}
    assert gathered(row(span, *own, **above)) == [["1", "2"]]


def polling(span: MakeSpan, pause: float, *urls: str) -> list[Span]:
    """Calls of 100 ms each, with a pause of so many ms between them."""
    step = 100 + pause
    spans = [span("0", "GET /", 0, step * len(urls), kind="server")]
    for n, url in enumerate(urls):
        place = {"kind": "client", "attributes": {"url.full": url}}
        spans.append(span(str(n + 1), "GET", step * n, step * n + 100, "0", **place))
    return spans


@pytest.mark.parametrize("urls", ["aaa", "aba", "bcaa"])
def test_an_address_that_is_asked_again_after_a_pause_is_waited_for(
    span: MakeSpan, urls: str
) -> None:
    """A job is asked for until it is done: at once, all answers would be the first one."""
    assert gathered(polling(span, 200, *urls)) == []


def test_calls_of_other_addresses_or_without_a_pause_are_not(span: MakeSpan) -> None:
    """The same address may be asked twice by a mistake, or for something random."""
    assert gathered(polling(span, 200, *"abc")) == [["1", "2", "3"]]
    assert gathered(polling(span, 0, *"aa")) == [["1", "2"]]
