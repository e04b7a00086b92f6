"""Advice beside what its pair measured: only where the pair's trace shows the change."""

import pytest

from overlap import names
from overlap.judge import verdict
from overlap.play.prediction import predictions
from overlap.play.result import Result
from overlap.scenario import Expectation, Request, Scenario
from overlap.trace import Span, Trace

MS = 1_000_000


def work(span_id: str, start: int, end: int, parent: str = "", **fields) -> Span:
    name = fields.pop("name", span_id)
    return Span("t" * 32, span_id, name, start * MS, end * MS, parent_id=parent, **fields)


def played(name: str, pair: str, *spans: Span) -> Result:
    scenario = Scenario(name, name, "", (Request("/"),), Expectation(), pair=pair)
    root = work("root", 0, 5000, attributes={names.SCENARIO_NAME: name})
    client = work("client", 0, 2000, "root", kind="client")
    trace = Trace("t" * 32, (root, client, *spans))
    return Result(scenario, "t" * 32, "", verdict(trace), trace)


def steps(*times: tuple[int, int], end: int = 0) -> list[Span]:
    """A request with steps `a`, `b`, ... at these times."""
    end = end or max(stop for _, stop in times)
    found = [work("server", 0, end, "client", kind="server", name="GET /")]
    return found + [work("abcd"[n], *time, "server") for n, time in enumerate(times)]


def test_a_prediction_stands_beside_what_the_pair_measured():
    """The longest request of each: today, as predicted, and as it is with the change made."""
    found = predictions(
        [
            played("serial", "gather", *steps((0, 400), (400, 1000))),
            played("gather", "serial", *steps((0, 400), (0, 650))),
        ]
    )
    assert [each.as_dict() for each in found] == [
        {
            "scenario": "serial",
            "pair": "gather",
            "changes": ["gather"],
            "what": "request",
            "today_ms": 1000.0,
            "predicted_ms": 600.0,
            "measured_ms": 650.0,
            "holds": True,
        }
    ]


@pytest.mark.parametrize(("measured", "holds"), [(660, True), (670, False), (548, True)])
def test_a_prediction_holds_within_a_tenth(measured, holds):
    """Of what was measured, more or less."""
    [found] = predictions(
        [
            played("serial", "gather", *steps((0, 400), (400, 1000))),
            played("gather", "serial", *steps((0, 400), (0, 400), end=measured)),
        ]
    )
    assert found.holds is holds


def test_a_pair_that_does_something_else_measures_nothing():
    """It is as serial, or does not have these steps, or was not played."""
    serial = played("serial", "other", *steps((0, 400), (400, 1000)))
    again = played("other", "serial", *steps((0, 100), (100, 200)))
    without = played("other", "serial", work("server", 0, 5, "client", kind="server"))
    assert serial.verdict.advice
    assert predictions([serial, again]) == []
    assert predictions([serial, without]) == []
    assert predictions([serial]) == []


def test_a_query_for_each_row_is_measured_by_a_pair_with_fewer():
    """A pair with as many of them did not make the change."""
    query = {names.DB_SYSTEM_NAME: "sqlite", names.DB_QUERY: "SELECT 1"}

    def loop(count: int) -> list[Span]:
        server = work("server", 0, count * 100, "client", kind="server")
        return [server] + [
            work(f"q{n}", n * 100, n * 100 + 100, "server", name="SELECT", attributes=query)
            for n in range(count)
        ]

    many = played("many", "one", *loop(5))
    [found] = predictions([many, played("one", "many", *loop(1))])
    assert (found.changes, found.predicted_ms, found.measured_ms) == (["one_query"], 100, 100)
    assert predictions([many, played("one", "many", *loop(5))]) == []


def test_a_block_is_measured_by_what_the_neighbours_wait():
    """All together; the blocking request itself is not said to be quicker."""

    def burning(*, blocked: bool) -> list[Span]:
        neighbour = {names.NEIGHBOUR: True}
        wait = 900 if blocked else 10
        spans = [
            work("server", 0, 1000, "client", kind="server", name="GET /burn"),
            work("burn", 0, 1000, "server"),
            work("n", 100, 100 + wait, "root", kind="client", attributes=neighbour),
            work("ns", 95 + wait, 100 + wait, "n", kind="server", name="GET /"),
        ]
        block = work("block", 0, 995, "burn", name=names.SPAN_BLOCKED)
        return [*spans, block] if blocked else spans

    burnt = played("burn", "await", *burning(blocked=True))
    [found] = predictions([burnt, played("await", "burn", *burning(blocked=False))])
    assert (found.what, found.changes, found.today_ms) == ("others", ["off_loop"], 900)
    assert (found.predicted_ms, found.measured_ms, found.holds) == (895, 890, True)
    assert predictions([burnt, played("await", "burn", *burning(blocked=True))]) == []
