"""What is advised, on small traces made for each kind of change, and what it would gain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge import Advice
from overlap.trace import Span

MakeSpan = Callable[..., Span]
LOOP = {names.THREAD_ID: 1}
TEXT = "SELECT * FROM meats WHERE id = %s"
ROW = {names.DB_SYSTEM_NAME: "postgresql", names.DB_QUERY: TEXT}


def kinds(spans: list[Span]) -> list[str]:
    """The changes that are advised, in order."""
    return [item.change for item in verdict(spans).advice]


def test_two_awaits_in_a_row_could_be_gathered(span: MakeSpan) -> None:
    """All fields: the chain becomes its longest part, on a condition that is said."""
    code = {names.CODE_FILE_PATH: "app/v.py", names.CODE_LINE_NUMBER: 7}
    spans = [
        span("1", "GET /", 0, 3000, kind="server"),
        span("2", "smoke", 0, 3000, "1", attributes=code | {names.CODE_FUNCTION_NAME: "smoke"}),
        span("3", "get_smokables", 0, 2000, "2"),
        span("4", "get_flavor", 2000, 3000, "2"),
    ]
    assert verdict(spans).advice == [
        Advice(
            change="gather",
            at="app/v.py:7 in smoke",
            parent="smoke",
            parent_id="2",
            span_ids=["3", "4"],
            request_ms=3000.0,
            would_be_ms=2000.0,
            saves_ms=1000.0,
            others_ms=0.0,
            condition="if get_flavor does not need what get_smokables returns",
            text="gather get_smokables and get_flavor: the response takes 2.0 s instead of 3.0 s, "
            "if get_flavor does not need what get_smokables returns",
            evidence="possible",
        )
    ]


def test_advice_names_the_place_to_change(span: MakeSpan) -> None:
    """The code that a span names; else the user's line that awaited a call; else the view."""
    view = {names.CODE_FILE_PATH: "v.py", names.CODE_LINE_NUMBER: 3, names.CODE_FUNCTION_NAME: "v"}
    awaited = {names.LOOP_AWAITED: "10+9000 network v.py:8 in fetch (client.get)"}
    for kind, given, step, at in (
        ("client", view, awaited, "v.py:8 in fetch"),
        ("internal", view, awaited, "v.py:3 in v"),
        ("client", view, {}, "v.py:3 in v"),
        ("client", {}, {}, ""),
        ("client", view, {**awaited, names.CODE_FUNCTION_NAME: "step"}, "step"),
    ):
        spans = [
            span("1", "GET /", 0, 300, kind="server", attributes=given),
            span("2", "a", 0, 100, "1", kind=kind, attributes=step),
            span("3", "b", 100, 300, "1", kind=kind),
        ]
        (advice,) = verdict(spans).advice
        assert (advice.change, advice.at) == ("gather", at)


def test_synchronous_code_must_be_awaitable_first(span: MakeSpan) -> None:
    """Three steps of a sync view in its thread: gathering needs async code."""
    thread = {names.THREAD_ID: 7}
    spans = [
        span("1", "GET /", 0, 310, kind="server", attributes=LOOP),
        *(
            span(f"s{i}", f"step {i}", 100 * i, 100 * i + 100, "1", attributes=thread)
            for i in range(3)
        ),
    ]
    (advice,) = verdict(spans).advice
    assert advice.condition == "if none of them needs what another returns and all can be awaited"
    assert (advice.would_be_ms, advice.saves_ms) == (110.0, 200.0)


def test_only_what_is_on_the_critical_path_is_saved(span: MakeSpan) -> None:
    """The chain runs beside a longer sibling: to gather it would gain nothing."""
    chain = [span("3", "a", 0, 400, "2"), span("4", "b", 400, 800, "2")]
    spans = [span("1", "GET /", 0, 1000, kind="server"), span("2", "chain", 0, 800, "1"), *chain]
    assert verdict(spans).advice[0].saves_ms == 400
    assert kinds([*spans, span("5", "longer", 0, 1000, "1")]) == []


def test_time_on_the_event_loop_cannot_overlap(span: MakeSpan) -> None:
    """Of two calls that compute for most of their time, a gather saves only the waiting."""
    spans = [span("1", "GET /", 0, 1000, kind="server")]
    spans += [
        span(f"{i}", f"n{i}", 500 * (i - 2), 500 * (i - 1), "1", attributes=running)
        for i, running in ((2, {names.LOOP_RUNNING_MS: 450.0}), (3, {names.LOOP_RUNNING_MS: 400.0}))
    ]
    assert verdict(spans).advice[0].saves_ms == 150


def test_small_parts_are_neither_named_nor_advised(span: MakeSpan) -> None:
    """Below 5 ms or 5 % of the request nothing is advised."""
    for request, length, advised in ((100, 4.9, []), (100, 5, ["gather"]), (110, 5, [])):
        spans = [
            span("1", "GET /", 0, request, kind="server"),
            span("2", "a", 0, length, "1"),
            span("3", "b", 20, 20 + length, "1"),
        ]
        assert kinds(spans) == advised


def test_a_saving_below_5_ms_is_not_advised(span: MakeSpan) -> None:
    """A fifth of this request, and nobody would notice."""
    for length, advised in ((2.4, []), (2.5, ["one_query"])):
        spans = [span("1", "GET /", 0, 20, kind="server")]
        spans += [
            span(f"q{i}", "SELECT", 5 * i, 5 * i + length, "1", attributes=ROW) for i in range(3)
        ]
        assert kinds(spans) == advised


def test_what_runs_at_once_divides_a_chain(span: MakeSpan) -> None:
    """What comes before a gather is not gathered with what follows it."""
    spans = [
        span("1", "GET /", 0, 300, kind="server"),
        span("2", "before", 0, 100, "1"),
        span("3", "a", 100, 200, "1"),
        span("4", "b", 100, 200, "1"),
        span("5", "after", 200, 300, "1"),
    ]
    assert kinds(spans) == []


def test_a_call_that_is_tried_again_is_no_chain_to_gather(span: MakeSpan) -> None:
    """The second try is made because the first failed."""
    tries = [
        span("1", "GET /", 0, 900, kind="server"),
        span("2", "GET", 0, 300, "1", kind="client", status="error"),
        span("3", "back off", 300, 600, "1"),
        span("4", "GET", 600, 900, "1", kind="client"),
    ]
    assert kinds(tries) == []


def in_a_row(span: MakeSpan, *called: str, first: str = "1", **fields: Any) -> list[Span]:
    """A request of 100 ms for each name, spent in steps of these names, one after another."""
    spans = [span("1", "GET /", 0, 100 * len(called), kind="server", **fields)]
    spans += [span(f"s{i}", name, 100 * i, 100 * i + 90, first) for i, name in enumerate(called)]
    return spans


@pytest.mark.parametrize(
    ("called", "gathered"),
    [
        (["tick"] * 5, []),
        (["tick"] * 5 + ["load"], []),
        (["read", "write"] * 3, []),
        (["auth", "tick", "tick", "load"], ["s0", "s3"]),
    ],
)
def test_the_steps_of_a_loop_are_not_gathered(
    span: MakeSpan, called: list[str], gathered: list[str]
) -> None:
    """Steps of one name are left out, as their order may matter; what stands beside them is not."""
    found = verdict(in_a_row(span, *called)).advice
    assert [each for item in found for each in item.span_ids] == gathered


@pytest.mark.parametrize("fields", [{"kind": "client"}, {"attributes": ROW}])
def test_calls_of_one_name_can_be_gathered(span: MakeSpan, fields: dict[str, Any]) -> None:
    """The name of an HTTP call is its method: two GETs in a row may well be independent."""
    spans = [span("1", "GET /", 0, 200, kind="server")]
    spans += [span(f"c{i}", "GET", 100 * i, 100 * i + 90, "1", **fields) for i in range(2)]
    assert kinds(spans) == ["gather"]


def test_the_parts_of_a_streaming_response_are_not_gathered(span: MakeSpan) -> None:
    """The client receives them in order; what ended before the first part may be gathered."""
    names_of_parts = ("auth", "load", "head", "body", "foot")
    for first_part, gathered in (
        (95, []),
        (150, []),
        (195, ["s0", "s1"]),
        (495, [f"s{i}" for i in range(5)]),
    ):
        streamed = {names.FIRST_PART_MS: float(first_part)}
        spans = in_a_row(span, *names_of_parts, attributes=streamed)
        found = verdict(spans).advice
        assert [each for item in found for each in item.span_ids] == gathered
        spans = in_a_row(span, *names_of_parts, attributes=streamed, first="g")
        spans.append(span("g", "generator", 0, 500, "1"))
        found = verdict(spans).advice
        assert [each for item in found for each in item.span_ids] == gathered


def test_the_steps_within_one_part_can_be_gathered(span: MakeSpan) -> None:
    """One part that took two awaits, whether before or after it the first part was sent."""
    for first_part in (5.0, 400.0):
        spans = [
            span("1", "GET /", 0, 500, kind="server", attributes={names.FIRST_PART_MS: first_part}),
            span("2", "part", 10, 390, "1"),
            span("3", "a", 10, 200, "2"),
            span("4", "b", 200, 390, "2"),
        ]
        assert kinds(spans) == ["gather"]


def test_one_query_for_each_row_could_be_one(span: MakeSpan) -> None:
    """N+1 takes the place of a gather; the texts may differ in their literals."""
    for literal in ("%s", "{}", "'{}'"):
        spans = [span("1", "GET /", 0, 60, kind="server")]
        for i in range(5):
            query = ROW | {names.DB_QUERY: TEXT.replace("%s", literal.format(i))}
            spans.append(span(f"q{i}", "SELECT meats", 10 * i, 10 * i + 9, "1", attributes=query))
        (advice,) = verdict(spans).advice
        assert (advice.change, advice.request_ms, advice.would_be_ms) == ("one_query", 60.0, 24.0)
        assert len(advice.span_ids) == 5


def hops(span: MakeSpan, request: dict[str, Any], *, hop: bool = True) -> float:
    """What remains of a request of 100 ms with a loop of five queries of 2 ms, one in 10 ms."""
    query = ROW | ({names.THREAD_QUEUED_MS: 0.1} if hop else {})
    spans = [span("1", "GET /", 0, 100, kind="server", attributes=request)]
    spans += [span(f"q{i}", "SELECT", 10 * i, 10 * i + 2, "1", attributes=query) for i in range(5)]
    (advice,) = verdict(spans).advice
    return advice.would_be_ms


def test_a_loop_of_queries_loses_its_ways_to_the_thread_too(span: MakeSpan) -> None:
    """As far as the lens shows that nothing of the user's own ran or waited in between."""
    queries, between, uncovered = 8, 32 - 4 * 0.1, 90 - 5 * 0.1 + 0.1
    rest = 100 - queries
    assert hops(span, {}) == rest  # without the lens nothing is known of what lies between
    assert hops(span, {names.LOOP_RUNNING_MS: 9.0}, hop=False) == rest
    ran = 9.0 * between / uncovered
    assert hops(span, {names.LOOP_RUNNING_MS: 9.0}) == pytest.approx(rest - between + ran, abs=0.01)
    naps = "2000+8000 timer a.py:1 in f (sleep)\n12000+8000 thread a.py:2 in f (aget)"
    found = hops(span, {names.LOOP_RUNNING_MS: 9.0, names.LOOP_AWAITED: naps})
    assert found == pytest.approx(rest - between + ran + 8.0 - 0.1, abs=0.01)


def test_two_queries_or_two_statements_are_no_loop_over_rows(span: MakeSpan) -> None:
    """Three of one statement are; what is not a loop could be gathered."""
    spans = [span("1", "GET /", 0, 60, kind="server")]
    for i in range(4):
        query = ROW | {names.DB_QUERY: TEXT.replace("*", "ab"[i % 2])}
        spans.append(span(f"q{i}", "SELECT t", 10 * i, 10 * i + 9, "1", attributes=query))
    assert kinds(spans) == ["gather"]


def test_queries_in_a_row_on_djangos_connection_cannot_be_gathered(span: MakeSpan) -> None:
    """Different statements, one thread: a gather would run them in a row again."""
    spans = [span("1", "GET /", 0, 60, kind="server", attributes=LOOP)]
    for i in range(3):
        query = ROW | {names.DB_QUERY: TEXT.replace("*", "abc"[i]), names.THREAD_ID: 7}
        spans.append(span(f"q{i}", "SELECT t", 10 * i, 10 * i + 9, "1", attributes=query))
    assert kinds(spans) == []


def row(span: MakeSpan, **more: Any) -> list[Span]:
    """Three calls, requested at once, that ran in a row on one thread."""
    spans = [span("1", "GET /", 0, 310, kind="server", attributes=LOOP)]
    for i in range(3):
        work = {names.THREAD_ID: 7, names.THREAD_QUEUED_MS: 100.0 * i + 0.1} | more
        spans.append(span(f"w{i}", "chop", 2 + 100 * i, 102 + 100 * i, "1", attributes=work))
    return spans


def test_a_row_on_one_thread_could_have_a_thread_each(span: MakeSpan) -> None:
    """The row becomes its longest part; a sibling beside it bounds what is saved."""
    spans = row(span)
    (advice,) = verdict(spans).advice
    assert (advice.change, advice.would_be_ms) == ("threads", 110.0)
    assert advice.condition == "if they need not share one thread"
    (bounded,) = verdict([*spans, span("o", "other", 2, 252, "1")]).advice
    assert bounded.saves_ms == 50.0


def test_queries_in_a_row_need_a_connection_each(span: MakeSpan) -> None:
    """One statement, but requested at once: it is no loop over rows."""
    (advice,) = verdict(row(span, **ROW)).advice
    assert (advice.change, advice.condition) == ("threads", "if they need no common transaction")


def test_queries_that_ran_at_once_are_no_loop_over_rows(span: MakeSpan) -> None:
    """The response waited for the longest of them alone."""
    spans = [span("1", "GET /", 0, 110, kind="server")]
    spans += [span(f"q{i}", "SELECT", i, 100 + i, "1", attributes=ROW) for i in range(3)]
    assert kinds(spans) == []


def burnt(span: MakeSpan, **victim: Any) -> list[Span]:
    """A request that blocks the loop for 400 ms, and one in flight for 300 of them."""
    code = {names.CODE_FILE_PATH: "app/v.py", names.CODE_FUNCTION_NAME: "burn"}
    return [
        span("1", "GET /burn", 0, 500, kind="server"),
        span("2", "burn", 10, 420, "1"),
        span("3", names.SPAN_BLOCKED, 15, 415, "2", attributes=code),
        span("4", "GET /", 115, 450, kind="server", attributes=victim),
    ]


def test_a_block_costs_the_others(span: MakeSpan) -> None:
    """The request stays as it is; what the victims' spans say of their delay counts first."""
    (advice,) = verdict(burnt(span)).advice
    assert (advice.change, advice.at, advice.parent) == ("off_loop", "app/v.py in burn", "burn")
    assert (advice.request_ms, advice.would_be_ms, advice.saves_ms) == (500.0, 500.0, 0.0)
    assert advice.others_ms == 300.0
    said = f"{'f' * 32}-{'3':0>16}+250"
    spans = [
        Span(**{name: getattr(each, name) for name in each.__struct_fields__})
        for each in burnt(span, **{names.VICTIM_BLOCKED_BY: said})
    ]
    spans[2] = span("3".zfill(16), names.SPAN_BLOCKED, 15, 415, "2")
    assert verdict(spans).advice[0].others_ms == 250.0


SLEEPS = '  File "app/v.py", line 7, in burn\n    time.sleep(1)\n'
RETRIES = (
    '  File "app/v.py", line 7, in burn\n    mail.delay()\n  File "/p/kombu.py", line 3, in r\n'
)


@pytest.mark.parametrize(
    ("stack", "how"),
    [
        (SLEEPS, "await it, with asyncio.sleep"),
        ("", "await it, with asyncio.sleep"),
        (RETRIES, "run it in a thread, with asyncio.to_thread"),
    ],
)
def test_a_library_that_sleeps_can_only_be_called_elsewhere(
    span: MakeSpan, stack: str, how: str
) -> None:
    """A broker's client that waits for its next try has no sleep of the user's to await."""
    code: dict[str, Any] = {
        names.CODE_FILE_PATH: "app/v.py",
        names.CODE_LINE_NUMBER: 7,
        names.CODE_FUNCTION_NAME: "burn",
        names.BLOCKED_KIND: names.BLOCK_SLEEP,
        names.CODE_STACKTRACE: stack,
    }
    spans = burnt(span)
    spans[2] = span("3", names.SPAN_BLOCKED, 15, 415, "2", attributes=code)
    (advice,) = verdict(spans).advice
    assert advice.text.startswith(f"take app/v.py:7 in burn off the event loop ({how})")


def test_a_victims_client_knows_better_when_it_was_sent(span: MakeSpan) -> None:
    """The server's upper bound, the whole block, is cut to what the client waited."""
    said = {names.VICTIM_BLOCKED_BY: f"{'f' * 32}-{'3':0>16}<400"}
    spans = [
        span("1", "GET /", 0, 500, kind="server"),
        span("2", "burn", 10, 420, "1"),
        span("3".zfill(16), names.SPAN_BLOCKED, 15, 415, "2"),
        span("4", "GET /neighbour", 315, 430, kind="client"),
        span("5", "GET /neighbour", 416, 429, "4", kind="server", attributes=said),
    ]
    assert verdict(spans).advice[0].others_ms == 100.0


def test_calls_behind_a_limit_could_run_more_at_a_time(span: MakeSpan) -> None:
    """Ten calls five at a time are two rounds, ten at a time one."""
    spans = [span("1", "GET /", 0, 610, kind="server")]
    spans += [span(f"c{i}", "call", 300 * (i // 5), 300 * (i // 5) + 300, "1") for i in range(10)]
    (advice,) = verdict(spans).advice
    assert (advice.change, advice.would_be_ms) == ("limit", 310.0)
    assert "let 10 instead of 5 of 10 x call run at a time" in advice.text


def test_twice_the_limit_saves_the_rounds_that_it_saves(span: MakeSpan) -> None:
    """Ten calls, two at a time, in five rounds; with four at a time in three."""
    spans = [span("1", "GET /", 0, 510, kind="server")]
    spans += [span(f"c{i}", "call", 100 * (i // 2), 100 * (i // 2) + 100, "1") for i in range(10)]
    (advice,) = verdict(spans).advice
    assert (advice.change, advice.saves_ms) == ("limit", 200.0)
    assert "let 4 instead of 2 of 10 x call run at a time" in advice.text


def test_a_client_for_each_call_could_be_one(span: MakeSpan) -> None:
    """The set-ups leave the request; the calls themselves may be gathered, without them."""
    spans = [span("1", "GET /", 0, 300, kind="server")]
    for i in range(3):
        spans += [
            span(f"n{i}", "new client", 100 * i, 100 * i + 60, "1"),
            span(f"g{i}", "GET", 100 * i + 60, 100 * i + 100, "1", kind="client"),
        ]
    client, gather = verdict(spans).advice
    assert (client.change, client.would_be_ms) == ("one_client", 120.0)
    assert (gather.change, gather.span_ids) == ("gather", ["g0", "g1", "g2"])


def test_a_new_connection_for_each_call_could_be_kept(span: MakeSpan) -> None:
    """On an open one a request arrives as fast as its response. The later call has one already,
    and of a server without a span nothing is known."""
    spans = [span("1", "GET /", 0, 300, kind="server")]
    for i in range(3):
        start = 100 * i
        spans += [
            span(f"n{i}", "new client", start, start + 60, "1"),
            span(f"g{i}", "GET", start + 60, start + 80, "1", kind="client"),
            span(f"h{i}", "GET", start + 82, start + 96, "1", kind="client"),
        ]
        if i:
            spans += [
                span(f"s{i}", "GET /", start + 70, start + 77, f"g{i}", kind="server", service="s"),
                span(f"t{i}", "GET /", start + 90, start + 95, f"h{i}", kind="server", service="s"),
            ]
    client, _ = verdict(spans).advice
    assert (client.change, client.saves_ms) == ("one_client", 3 * 60 + 2 * (10 - 3))


def test_lost_work_should_be_durable(span: MakeSpan) -> None:
    """Lost, or failed with nobody to hear of it: no time is saved, the work is."""
    task = {names.TASK_ID: "t", names.TASK_NAME: "letter"}
    failed = {names.TASK_END: names.TASK_FAILED, names.TASK_NAME: "mail"}
    spans = [
        span("1", "GET /", 0, 10, kind="server"),
        span("2", names.SPAN_TASK_STARTED, 5, 5, "1", attributes=task),
        span("3", names.SPAN_TASK_DROPPED, 8, 8, "1", attributes=failed),
    ]
    found = verdict(spans).advice
    assert [(item.change, item.saves_ms, item.parent) for item in found] == [
        ("durable", 0.0, "GET /"),
        ("durable", 0.0, "GET /"),
    ]
    assert "letter" in found[0].text
    assert "mail" in found[1].text


def test_the_load_of_a_scenario_is_no_chain(span: MakeSpan) -> None:
    """Requests one after another are sent so; neighbours are not what it is about."""
    spans = [span("r", "scenario x", 0, 900, attributes={names.SCENARIO_NAME: "x"}, service="play")]
    for i in range(2):
        neighbour = {names.NEIGHBOUR: True} if i else {}
        at = 400 * i
        spans += [
            span(f"c{i}", "GET", at, at + 300, "r", kind="client", attributes=neighbour),
            span(f"s{i}", f"GET /{i}", at, at + 300, f"c{i}", kind="server"),
            span(f"a{i}", "a", at, at + 150, f"s{i}"),
            span(f"b{i}", "b", at + 150, at + 300, f"s{i}"),
        ]
    (advice,) = verdict(spans).advice
    assert (advice.parent, advice.request_ms, advice.would_be_ms) == ("GET /0", 300.0, 150.0)
    servers = {"s1", "a1", "b1"}
    without = [each for each in spans if each.span_id not in servers]
    without += [span("x", "x", 400, 550, "c1"), span("y", "y", 550, 700, "c1")]
    assert [each.parent for each in verdict(without).advice] == ["GET /0"]


def test_what_saves_most_comes_first(span: MakeSpan) -> None:
    """Of two chains in one request, and no list is longer than twenty."""
    spans = [span("1", "GET /", 0, 30_000, kind="server")]
    for i in range(25):
        at = 1200 * i
        length = 500 if i == 7 else 400 + i
        spans += [
            span(f"p{i}", f"p{i}", at, at + 2 * length, "1"),
            span(f"a{i}", "a", at, at + length, f"p{i}"),
            span(f"b{i}", "b", at + length, at + 2 * length, f"p{i}"),
        ]
    found = verdict(spans).advice
    assert len(found) <= 20
    saved = [item.saves_ms for item in found]
    assert saved == sorted(saved, reverse=True)


@pytest.mark.parametrize("count", [0, 1])
def test_a_trace_without_anything_to_change_has_no_advice(span: MakeSpan, count: int) -> None:
    """No span, or one."""
    assert verdict([span("1", "GET /", 0, 100, kind="server")][:count]).advice == []
