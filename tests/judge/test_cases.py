"""Small traces that are easily judged wrong, each with the right answer beside it."""

from __future__ import annotations

from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge import Verdict
from overlap.trace import Kind, Link, Span
from overlap.trace.grouping import group

T0 = 1_700_000_000_000_000_000
KINDS: dict[str, Kind] = {
    "s": "server", "c": "client", "i": "internal", "p": "producer", "k": "consumer",
    "-": "unspecified",
}  # fmt: skip
Row = tuple[Any, ...]
"""Id, parent's id (0: none), name, kind, service, start, end in ms; maybe more fields of Span."""


def judge(*rows: Row) -> Verdict:
    """The verdict of these rows as spans."""
    spans = []
    for number, parent, name, kind, service, start, end, *more in rows:
        fields = dict(more[0]) if more else {}
        links = tuple(Link("t", f"{each:x}") for each in fields.pop("links", ()))
        spans.append(
            Span(
                "t",
                f"{number:x}",
                name,
                T0 + round(start * 1_000_000),
                T0 + round(end * 1_000_000),
                f"{parent:x}" if parent else None,
                KINDS[kind],
                service,
                links=links,
                **fields,
            )
        )
    return verdict(spans)


def ends(found: Verdict) -> list[tuple[str, str, int]]:
    """Of each delivery the worker, the end and the tries."""
    return [(item.worker, item.end, item.tries) for item in found.handed]


def test_client_and_server_that_share_an_id_are_two_spans() -> None:
    """B3 propagation: the server is the client's child, and children follow their service."""
    found = judge(
        (1, 0, "GET /", "s", "web", 0, 100),
        (2, 1, "GET", "c", "web", 10, 90),
        (2, 1, "GET /api", "s", "api", 20, 80),
        (3, 2, "SELECT", "c", "api", 30, 70),
        (4, 2, "retry", "i", "web", 12, 14),
    )
    assert found.warnings == []
    assert {row.request: row.count for row in found.requests} == {"GET /": 1, "GET /api": 1}
    assert {group.parent: group.stages for group in found.groups} == {
        "GET /": [["GET"]],
        "GET": [["retry"], ["GET /api"]],
        "GET /api": [["SELECT"]],
    }
    assert [each.span for each in found.self_time[:2]] == ["SELECT", "GET /"]


def test_siblings_of_a_missing_parent_are_a_group() -> None:
    """They name one parent that the trace does not hold; a single orphan is no group."""
    rows = [
        (1, 9, "a", "i", "web", 0, 60),
        (2, 9, "b", "i", "web", 5, 95),
        (3, 9, "c", "i", "web", 5, 90),
        (4, 8, "alone", "i", "web", 5, 90),
    ]
    found = judge(*rows)
    assert found.shapes == ["concurrent"]
    (group,) = found.groups
    assert (group.parent, group.parent_id) == ("(missing)", "9")
    assert (group.stages, group.parent_ms) == ([["a", "b", "c"]], 95.0)


@pytest.mark.parametrize("system", [{}, {names.MESSAGING_MESSAGE_ID: "m1"}])
def test_each_subscriber_of_a_message_is_a_delivery(system: dict[str, str]) -> None:
    """Three services received one message: three ends, with a try each."""
    more = {"attributes": system}
    found = judge(
        (1, 0, "POST /order", "s", "web", 0, 20),
        (2, 1, "orders send", "p", "web", 10, 12, more),
        (3, 2, "orders process", "k", "billing", 13, 40, more | {"status": "error"}),
        (4, 2, "orders process", "k", "mail", 14, 60, more),
        (5, 2, "orders process", "k", "mail", 70, 80, more),
        (6, 2, "orders process", "k", "stats", 15, 30, more),
    )
    assert ends(found) == [("billing", "failed", 1), ("mail", "done", 2), ("stats", "done", 1)]


def test_each_consumer_group_is_a_delivery() -> None:
    """One service that reads a topic in two groups."""
    groups = [{"attributes": {names.MESSAGING_CONSUMER_GROUP: group}} for group in ("a", "b")]
    found = judge(
        (2, 0, "orders send", "p", "web", 10, 12),
        (3, 2, "orders process", "k", "w", 13, 40, groups[0]),
        (4, 2, "orders process", "k", "w", 14, 60, groups[1]),
    )
    assert ends(found) == [("w", "done", 1), ("w", "done", 1)]


def test_a_consumer_that_links_belongs_to_its_producer() -> None:
    """The messaging conventions link; a batch links to several messages."""
    found = judge(
        (1, 0, "publish", "p", "web", 0, 5),
        (2, 0, "publish", "p", "web", 5, 8),
        (3, 0, "process", "k", "worker", 10, 50, {"links": [1, 2]}),
    )
    assert ends(found) == [("worker", "done", 1), ("worker", "done", 1)]
    assert [item.queued_ms for item in found.handed] == [5.0, 2.0]


def test_a_consumer_in_another_trace_of_the_input_belongs_to_its_producer() -> None:
    """It links to the producer: a delivery of the message, while each trace is judged alone."""
    rows = [
        Span("t", "1", "publish", T0, T0 + 5_000_000, None, "producer", "web"),
        Span("t", "2", "publish", T0, T0 + 5_000_000, None, "producer", "web"),
        *(
            Span(f"u{number}", f"{number}", "process", T0 + number, end, None, "consumer", "w",
                 links=(Link("t", "1"), Link("elsewhere", "2")), status=status,
                 attributes={names.MESSAGING_CONSUMER_GROUP: who})
            for number, who, end, status in (
                (30_000_000, "a", T0 + 40_000_000, "error"),
                (60_000_000, "a", T0 + 70_000_000, "unset"),
                (20_000_000, "b", None, "unset"),
            )
        ),
        Span("u3", "9", "GET", T0, T0 + 1, None, "client", "w", links=(Link("t", "1"),)),
    ]  # fmt: skip
    first, *others = map(verdict, group(rows))
    assert ends(first) == [("w", "waiting", 1), ("w", "done", 2), ("", "unseen", 0)]
    assert [item.queued_ms for item in first.handed] == [15.0, 25.0, None]
    assert [item.run_ids for item in first.handed][:2] == [["20000000"], ["30000000", "60000000"]]
    assert first.trace_id == "t"
    assert [len(each.handed) for each in others] == [1, 1, 1, 0]
    assert ends(verdict(rows[:2])) == [("", "unseen", 0)] * 2


def test_a_message_that_nobody_is_seen_to_receive_is_unseen() -> None:
    """It may wait, or have been processed in another trace."""
    assert ends(judge((1, 0, "publish", "p", "web", 0, 5))) == [("", "unseen", 0)]


def test_a_message_that_could_not_be_sent_is_unsent() -> None:
    """The producer's span has an error, and nobody received anything."""
    failed = {"status": "error"}
    assert ends(judge((1, 0, "apply_async", "p", "web", 0, 5, failed))) == [("", "unsent", 0)]


@pytest.mark.parametrize("key", [names.MESSAGING_OPERATION_TYPE, names.MESSAGING_OPERATION])
@pytest.mark.parametrize("parent", [1, 2])
def test_receiving_and_processing_is_one_task(key: str, parent: int) -> None:
    """Two consumer spans, one below the other or side by side."""
    found = judge(
        (1, 0, "publish", "p", "web", 0, 5),
        (2, 1, "receive", "k", "worker", 9, 10, {"attributes": {key: "receive"}}),
        (3, parent, "process", "k", "worker", 11, 50, {"attributes": {key: "process"}}),
    )
    assert ends(found) == [("worker", "done", 1)]
    assert found.handed[0].run_ids == ["3"]


@pytest.mark.parametrize(("up", "down"), ["cs", "pk"])
def test_a_call_of_a_service_to_itself_is_an_edge_between_processes(up: str, down: str) -> None:
    """Another thread is no offloading; a clock ahead is skew, and no background work."""
    threads = [{"attributes": {names.THREAD_ID: number}} for number in (1, 7)]
    for ahead in (0, 400, -400):
        found = judge(
            (1, 0, "GET /a", "s", "web", 0, 100, threads[0]),
            (2, 1, "call", up, "web", 10, 90, threads[0]),
            (3, 2, "serve", down, "web", 20 + ahead, 80 + ahead, threads[1]),
        )
        assert "offloaded" not in found.shapes
        if down == "s" or ahead <= 0:  # a message may be processed at any later time
            assert found.shapes == ["single"]
        skewed = bool(ahead) and not (down == "k" and ahead > 0)
        assert any("clock skew" in warning for warning in found.warnings) is skewed


def test_only_the_topmost_span_that_outlived_its_response_is_background() -> None:
    """What it does is part of it, and a call back is a request of its own."""
    found = judge(
        (1, 0, "POST /job", "s", "A", 0, 100),
        (2, 1, "POST B", "c", "A", 10, 90),
        (3, 2, "POST /run", "s", "B", 12, 85),
        (4, 3, "worker", "i", "B", 20, 9000),
        (5, 4, "POST A", "c", "B", 8900, 8990),
        (6, 5, "POST /callback", "s", "A", 8910, 8980),
        (7, 6, "query", "c", "A", 8911, 8979),
    )
    assert [item.span for item in found.background] == ["worker"]
    assert [item.span_id for item in found.background] == ["4"]


@pytest.mark.parametrize(
    ("kinds", "start", "end", "shifted"),
    [
        ("pk", -60, -20, True),  # processed before it was sent
        ("pk", 200, 240, False),  # a message may wait
        ("--", -60, -20, True),
        ("--", 200, 240, True),  # would fit, and lies outside
        ("--", 200, 400, False),  # would not fit: the parent did not wait for it
        ("--", 50, 150, False),  # began inside: it went on
        ("is", -60, -20, True),
    ],
)
def test_skew_is_corrected_on_every_edge_between_services(
    kinds: str, start: float, end: float, shifted: bool
) -> None:
    """No span begins before what caused it, whatever the kinds; the verdict says what it moved."""
    found = judge(
        (1, 0, "cause", kinds[0], "web", 0, 100), (2, 1, "effect", kinds[1], "b", start, end)
    )
    assert [w for w in found.warnings if "1 span lay outside" in w and "skew" in w] == (
        found.warnings if shifted else []
    )
    assert found.warnings or not shifted


def test_a_wait_for_a_thread_is_not_at_once_with_what_it_waited_for() -> None:
    """Two queries requested at once, each under a span, ran in a row on one thread."""
    calls = {names.THREAD_CALLS: 1, names.THREAD_RUNNING_MS: 100.0}
    found = judge(
        (1, 0, "GET /", "s", "web", 0, 210),
        (2, 1, "users", "i", "web", 1, 101, {"attributes": calls | {names.THREAD_QUEUED_MS: 0.1}}),
        (3, 1, "orders", "i", "web", 1, 202, {"attributes": calls | {names.THREAD_QUEUED_MS: 100}}),
        (4, 3, "SELECT", "c", "web", 102, 201, {"attributes": {names.THREAD_QUEUED_MS: 100.5}}),
    )
    group = found.groups[0]
    assert found.shapes == ["serial"]
    assert (group.stages, group.overlap_factor, group.peak) == ([["users"], ["orders"]], 1.0, 1)
    assert group.critical_path == ["users", "orders"]
    assert [(each.span, each.start_ms, each.ms) for each in found.critical_path[:3]] == [
        ("GET /", 0, 1), ("users", 1, 100), ("orders", 101, 1),
    ]  # fmt: skip


def test_a_wait_behind_other_requests_is_the_spans_own_time() -> None:
    """Nothing of this request ran meanwhile: the wait is on the path, as that span's."""
    calls = {names.THREAD_CALLS: 1, names.THREAD_QUEUED_MS: 80.0, names.THREAD_RUNNING_MS: 10.0}
    found = judge(
        (1, 0, "GET /", "s", "web", 0, 100),
        (2, 1, "users", "i", "web", 5, 95, {"attributes": calls}),
    )
    assert [(each.span, each.ms) for each in found.self_time] == [("users", 90), ("GET /", 10)]


@pytest.mark.parametrize("protocol", ["http", "websocket"])
def test_spans_of_single_asgi_messages_are_no_work(protocol: str) -> None:
    """The ASGI middleware makes them inside each request; they wait for the client."""
    event = {"attributes": {names.ASGI_EVENT_TYPE: "http.request"}, "scope": "other"}
    found = judge(
        (1, 0, "GET /", "s", "web", 0, 100),
        (2, 1, f"GET / {protocol} receive", "i", "web", 1, 90, event),
        (3, 1, "view", "i", "web", 2, 98),
        (4, 1, f"GET / {protocol} send", "i", "web", 50, 99),
    )
    assert found.shapes == ["single"]
    assert found.groups[0].stages == [["view"]]


def test_a_users_span_with_such_a_name_is_work() -> None:
    """Only what an instrumentation made is left out."""
    own = {"scope": "app"}
    found = judge(
        (1, 0, "GET /", "s", "web", 0, 100), (2, 1, "do http send", "i", "web", 1, 90, own)
    )
    assert found.groups[0].stages == [["do http send"]]


@pytest.mark.parametrize(("together", "said"), [(2, "2 at a time"), (3, "3 at a time"), (6, "")])
def test_calls_behind_a_limit_ran_n_at_a_time(together: int, said: str) -> None:
    """A pool of n: the others did not run beside them, they waited for their turn."""
    rows = [
        (2 + i, 1, "job", "i", "web", i // together * 50, i // together * 50 + 49 + i % 2)
        for i in range(6)
    ]
    text = judge((1, 0, "GET /", "s", "web", 0, 200), *rows).why[0].text
    assert ("6 x job ran " + said in text) is bool(said)
    assert ("ran beside" in text) is (not said)
    assert "cost no time" not in text


def test_calls_that_start_by_chance_have_no_limit() -> None:
    """The third starts long after the first ended: nothing waited for it."""
    starts = (0, 5, 80, 85, 160, 165)
    rows = [(2 + i, 1, "job", "i", "web", at, at + 50) for i, at in enumerate(starts)]
    assert "at a time" not in judge((1, 0, "GET /", "s", "web", 0, 220), *rows).why[0].text
