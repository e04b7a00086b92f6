"""The check of the replay, and what is predicted from it."""

from dataclasses import replace

import pytest

from overlap import names
from overlap.errors import OverlapError
from overlap.whatif import Change, parse_faster, parse_gather, parse_pool, recorded, what_if
from overlap.whatif.changes import WITHOUT_BLOCK, WORKERS
from overlap.whatif.prediction import quantiles

MS = 1_000_000


@pytest.fixture
def serial(make):
    """Thirty requests, each with two calls in a row."""
    traces = []
    for number in range(30):
        at, row = number * 500, {"trace": number + 1}
        turns = [(0, 1), (100, 1), (199, 1)]
        traces.append(
            make.trace(
                make.server(1, at, at + 200, **row, **make.lens(200, turns, longest=1)),
                make.span(2, "get_smokables", at + 1, at + 100, 1, **row),
                make.span(3, "get_flavor", at + 101, at + 199, 1, **row),
            )
        )
    return recorded(traces)


@pytest.fixture
def full(make):
    """Twenty requests of ten milliseconds on the loop, one every six: each waits for all before."""
    traces = []
    for number in range(20):
        ready = 4.0 * number
        turn = {"ready": ready, "longest": 10, "line": "full.py:9 in f"}
        figures = make.lens(10 + ready, [(ready, 10)], **turn)
        begun = make.server(1, number * 6, number * 6 + 10 + ready, trace=number + 1, **figures)
        traces.append(make.trace(begun))
    return recorded(traces)


def computing(make, cpu_ms):
    """Ten requests of 100 ms, one a second, each with a call in a thread that computes."""
    traces = []
    for number in range(10):
        figures = make.lens(100, [(0, 1), (98, 2)], [(1, 97)]) | {names.THREAD_CPU_MS: cpu_ms}
        at = number * 1000
        traces.append(make.trace(make.server(1, at, at + 100, trace=number + 1, **figures)))
    return recorded(traces)


def test_a_replay_that_misses_what_threads_delayed_says_so(make):
    """The requests took twice what their parts do, and threads computed meanwhile."""
    traces = []
    for number in range(30):
        at, row = number * 1000, {"trace": number + 1}
        took = 100 + 40 * (number % 3)
        figures = make.lens(took, [(0, 1)], [(1, 20)]) | {names.THREAD_CPU_MS: 90.0}
        traces.append(make.trace(make.server(1, at, at + took, **row, **figures)))
    (service,) = recorded(traces)
    service.jobs = [replace(job, recorded_ns=2 * job.recorded_ns) for job in service.jobs]
    (row,) = what_if([service], [])["routes"]
    assert not row["is_trusted"]
    assert "neither in turns by an interpreter lock nor all at once" in row["notes"][-1]


def test_a_little_work_in_threads_is_no_limit(make):
    """Below a twentieth of the worker's time it delays nobody who could be seen."""
    (service,) = what_if(computing(make, 10.0), [])["services"]
    assert service["thread_cpu_ms"] == pytest.approx(100)
    assert service["notes"] == []


def test_a_request_that_was_not_measured_computes_as_the_nearest_that_was(make):
    """As it does all else that one did."""
    figures = make.lens(100, [(0, 1)], [(1, 99)]) | {names.THREAD_CPU_MS: 50.0}
    measured = make.trace(make.server(1, 0, 100, **figures))
    (one,) = recorded([measured, make.trace(make.server(1, 200, 300, trace=2))])
    assert [job.thread_cpu_ns for job in one.jobs] == [50 * MS, 50 * MS]


def test_the_threads_of_another_request_are_its_own(make):
    """A request that calls another service is not charged with that one's threads."""
    cpu = {names.THREAD_CPU_MS: 50.0}
    outer = make.server(1, 0, 100, **make.lens(100, [(0, 1)], [(1, 99)]))
    call = make.span(2, "GET", 1, 99, 1, kind="client")
    inner = make.server(3, 2, 98, 2, service="upstream", **cpu)
    below = make.span(4, "work", 3, 90, 3, service="upstream", **cpu)
    found = {one.service: one for one in recorded([make.trace(outer, call, inner, below)])}
    assert [job.thread_cpu_ns for job in found["smokehouse"].jobs] == [0]
    assert [job.thread_cpu_ns for job in found["upstream"].jobs] == [100 * MS]


def row_of(services, *changes):
    (row,) = what_if(services, changes)["routes"]
    return row


def test_the_replay_without_a_change_gives_back_what_was_recorded(serial, full):
    """And predicts nothing, as nothing was asked."""
    for services in (serial, full):
        row = row_of(services)
        assert row["replayed"] == pytest.approx(row["recorded"], rel=0.02)
        assert row["is_trusted"]
        assert row["predicted"] is None


def test_gathered_calls_take_as_long_as_the_longer(serial):
    """Two calls of about 100 ms."""
    row = row_of(serial, parse_gather("get_smokables,get_flavor"))
    assert row["predicted"]["p50_ms"] == pytest.approx(102, abs=1)


def test_several_changes_combine(serial):
    """Half of one call, beside the other."""
    row = row_of(serial, parse_faster("get_*=50%"), parse_gather("get_smokables,get_flavor"))
    assert row["predicted"]["p50_ms"] == pytest.approx(52, abs=2)


def test_more_workers_relieve_a_full_loop(full):
    """Two loops take what one could not; and how full they are."""
    found = what_if(full, [Change(WORKERS, "", 2)])
    assert found["routes"][0]["recorded"]["p99_ms"] == 86
    assert found["routes"][0]["predicted"]["p99_ms"] <= 16
    (service,) = found["services"]
    assert service["workers"] == {"recorded": 1, "changed": 2}
    assert service["utilization"]["recorded"] == [1.0]
    assert sum(service["utilization"]["predicted"]) / 2 == pytest.approx(0.8, abs=0.05)


def test_a_step_taken_off_the_loop_frees_it_for_the_others(full):
    """Then each takes its own ten milliseconds."""
    row = row_of(full, Change(WITHOUT_BLOCK, "full.py:9"))
    assert row["predicted"] == {"p50_ms": 10, "p95_ms": 10, "p99_ms": 10}


def test_what_the_loop_did_besides_is_named_where_the_replay_misses(make):
    """Requests that were not sampled, for one: nothing is predicted."""
    traces = [
        make.trace(make.server(1, at, at + 100, trace=number + 1,
                               **make.lens(100, [(0, 1), (99, 1)], ready=98, longest=1)))
        for number, at in enumerate(range(0, 5000, 200))
    ]  # fmt: skip
    row = row_of(recorded(traces), Change(WORKERS, "", 2))
    assert row["replayed"]["p50_ms"] < 10
    assert not row["is_trusted"]
    assert row["predicted"] is None
    (why,) = [text for text in row["notes"] if text.startswith("not predicted")]
    assert "requests waited 2,450 ms for the loop" in why
    assert "not sampled" in why


def test_what_is_known_from_spans_alone_is_said(make):
    """Without the lens, little is known to run on the loop."""
    row = row_of(recorded([make.trace(make.server(1, 0, 10))]))
    assert row["notes"][0].startswith("all from spans alone")
    assert row["notes"][1].startswith("1 requests")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (parse_faster("nobody=50%"), "no request has a span of that name"),
        (parse_gather("get_flavor,nobody"), "one after another"),
        (Change(WITHOUT_BLOCK, "nowhere.py"), "is at that line"),
        (parse_pool("threads=5"), "no pool that a request waited for"),
    ],
)
def test_a_change_that_fits_nothing_is_one_sentence(serial, change, why):
    """Rather than a prediction that nothing changes."""
    with pytest.raises(OverlapError, match=why):
        what_if(serial, [change])


def test_a_pool_needs_a_name_where_there_are_several(serial):
    """And the sentence names them."""
    serial[0].pools.update(threads=2, ConnectionPool=6)
    with pytest.raises(OverlapError, match="needs a name: ConnectionPool=6, threads=2"):
        what_if(serial, [parse_pool("5")])
    (service,) = what_if(serial, [parse_pool("thr*=5")])["services"]
    assert service["pools"]["changed"] == {"threads": 5, "ConnectionPool": 6}


def test_no_request_is_one_sentence(make):
    """A trace of a command, say."""
    with pytest.raises(OverlapError, match="no ended request"):
        what_if(recorded([make.trace(make.span(1, "manage.py clean", 0, 5))]), [])


def test_as_many_workers_as_there_were_serve_what_they_served(make):
    """The replay knows who served what: another division of the requests would be no change."""
    traces = []
    for number in range(4):
        ready = 9 * (number % 3)
        figures = make.lens(10 + ready, [(ready, 10)], ready=ready, longest=10)
        at = {"trace": number + 1, "pid": number // 3}
        traces.append(make.trace(make.server(1, number, number + 10 + ready, **at, **figures)))
    found = what_if(recorded(traces), [Change(WORKERS, "", 2)])
    assert found["services"][0]["workers"] == {"recorded": 2, "changed": 2}
    assert found["routes"][0]["predicted"] == found["routes"][0]["replayed"]


def test_the_servers_own_work_is_what_fits_best(make):
    """Twenty at once, each with two milliseconds of the loop before its span begins."""
    spans = [make.span(99, "scenario", 0, 500)]
    for number in range(20):
        start, end = 2 * number + 2, 2 * number + 3
        spans += [
            make.span(100 + number, "GET", 0, end, 99, kind="client", service="player"),
            make.server(200 + number, start, end, 100 + number,
                        **make.lens(1, [(0, 0.1)], longest=1)),
        ]  # fmt: skip
    (service,) = what_if(recorded([make.trace(*spans)]), [])["services"]
    assert 1.5 <= service["unseen_ms"] <= 2


def test_only_the_routes_that_are_asked_for_are_listed(serial):
    """All of them take part in the replay."""
    assert what_if(serial, [], "GET *")["routes"]
    with pytest.raises(OverlapError, match="no request has the route 'POST /'"):
        what_if(serial, [], "POST /")


def test_the_way_of_accepting_is_the_one_that_fits(make):
    """Kept connections, or asyncio: all that wait begin in one turn."""

    def burst(starts):
        spans = [make.span(99, "scenario", 0, 500)]
        for number, start in enumerate(starts):
            end = 100 + (number + 1) * 50
            spans += [
                make.span(10 + number, "GET", 0, end, 99, kind="client", service="player"),
                make.server(50 + number, start, end, 10 + number,
                            **make.lens(end - start, [(end - start - 50, 50)], longest=50)),
            ]  # fmt: skip
        (service,) = what_if(recorded([make.trace(*spans)]), [])["services"]
        return service["accepts"]

    assert burst([0, 100, 150, 200]) in ("one", "all")


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 100, 101])
def test_quantiles_are_by_nearest_rank(count):
    """The smallest time that so many do not exceed."""
    times = [number * MS for number in range(1, count + 1)]
    found = quantiles(times)
    for key, share in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99)):
        rank = -(-share * count // 100)
        assert found[key] == rank


def test_the_same_traces_give_the_same_answer(full):
    """Also with workers that share the requests at random: the seed is fixed."""
    change = [Change(WORKERS, "", 3)]
    assert what_if(full, change) == what_if(full, change)


def test_blocked_neighbours_are_freed_by_taking_the_block_off(make):
    """As burn_some_meats and its pair: the request takes as long, the neighbours none of it."""
    block = {names.BLOCKED_MS: 500.0, names.CODE_FUNCTION_NAME: "oversmoke"}
    burn = make.lens(500, [(0, 500)], longest=500)
    spans = [
        make.span(9, "scenario", 0, 600),
        make.span(10, "GET", 0, 500, 9, kind="client", service="player"),
        make.server(1, 0, 500, 10, name="GET /burn/", **burn),
        make.span(2, names.SPAN_BLOCKED, 0, 500, 1, **block),
        make.span(11, "GET", 100, 501, 9, kind="client", service="player"),
        make.server(3, 500, 501, 11, **make.lens(1, [(0, 1)], longest=1)),
    ]
    found = what_if(recorded([make.trace(*spans)]), [Change(WITHOUT_BLOCK, "oversmoke")])
    rows = {row["route"]: row for row in found["routes"]}
    assert rows["GET /"]["recorded"]["p50_ms"] == 401
    assert rows["GET /"]["replayed"]["p50_ms"] == 401
    assert rows["GET /"]["predicted"]["p50_ms"] == 1
    assert rows["GET /burn/"]["predicted"]["p50_ms"] == pytest.approx(500, abs=2)
