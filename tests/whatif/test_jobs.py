"""Programs of requests, from traces made by hand."""

import pytest

from overlap import names
from overlap.whatif import Call, Fork, Run, Spawn, Wait, recorded, simulate
from overlap.whatif.program import BORROWED, LENS, SPANS

MS = 1_000_000


def program(make, *spans):
    """The program of the only request of a trace."""
    (part,) = recorded([make.trace(*spans)])
    (job,) = part.jobs
    return job.items


def ms(items):
    """A program in short: R and W with milliseconds, and the names of calls."""
    found = []
    for item in items:
        if isinstance(item, Run | Wait):
            found.append((type(item).__name__[0], round(item.ns / MS, 3)))
        elif isinstance(item, Call):
            found.append((item.name, ms(item.items)))
        elif isinstance(item, Fork):
            found.append(("fork", [ms(branch) for branch in item.branches]))
        elif isinstance(item, Spawn):
            found.append(("spawn", ms(item.items)))
        else:
            found.append((item.pool, ms(item.items)))
    return found


def test_turns_are_steps_and_what_was_awaited_between_them_is_a_wait(make):
    """Ready time is no part of the program: the simulation makes it anew."""
    request = make.server(
        1, 0, 100, **make.lens(100, [(0, 10), (80, 20)], [(10, 50)], ready=20, longest=20)
    )
    assert ms(program(make, request)) == [("R", 10), ("W", 50), ("R", 20)]


def test_a_turn_is_divided_into_steps_no_longer_than_the_longest(make):
    """Turns that are close together were merged: between them, others could run."""
    request = make.server(
        1, 0, 200, **make.lens(200, [(0, 200)], longest=50, line="app/views/full.py:13 in slice")
    )
    items = program(make, request)
    assert ms(items) == [("R", 50)] * 4
    assert {item.line for item in items} == {"app/views/full.py:13 in slice"}


def test_gaps_without_a_recorded_wait_are_ready_time_as_far_as_that_was_recorded(make):
    """A request that only yields waits for the loop alone."""
    turns = [(0, 10), (90, 10)]
    request = make.server(1, 0, 100, **make.lens(100, turns, ready=80, longest=10))
    assert ms(program(make, request)) == [("R", 10), ("R", 10)]
    half = make.server(1, 0, 100, **make.lens(100, turns, ready=40, longest=10))
    assert ms(program(make, half)) == [("R", 10), ("W", 40), ("R", 10)]


def test_a_task_that_only_yields_waits_for_nothing(make):
    """Microseconds between two steps are no wait: it was in the loop's queue at once."""
    turns = [(0, 10), (90, 10)]
    request = make.server(1, 0, 100, **make.lens(100, turns, ready=79.9, longest=10))
    assert ms(program(make, request)) == [("R", 10), ("R", 10)]


def test_children_in_a_row_follow_one_another(make):
    """Each with its own steps, and the parent's own between them."""
    spans = [
        make.server(1, 0, 100, **make.lens(100, [(0, 2), (50, 4), (98, 2)], longest=4)),
        make.span(2, "a", 1, 51, 1, **make.lens(50, [(0, 1), (49, 1)], [(1, 48)])),
        make.span(3, "b", 53, 99, 1, **make.lens(46, [(0, 1), (45, 1)], [(1, 44)])),
    ]
    assert ms(program(make, *spans)) == [
        ("R", 1),
        ("a", [("R", 1), ("W", 48), ("R", 1)]),
        ("R", 2),
        ("b", [("R", 1), ("W", 44), ("R", 1)]),
        ("R", 1),
    ]


def test_children_at_once_are_a_fork(make):
    """The longer one decides; the other is not waited for twice."""
    spans = [
        make.server(1, 0, 100, **make.lens(100)),
        make.span(2, "a", 0, 60, 1),
        make.span(3, "b", 0, 100, 1),
    ]
    (fork,) = program(make, *spans)
    assert ms([fork]) == [("fork", [[("a", [("W", 60)])], [("b", [("W", 100)])]])]


def test_a_child_that_began_when_another_had_ended_follows_it(make):
    """One task awaits foo1, a pause, then foo3; beside it foo2 (jaeger-ui #2371)."""
    spans = [
        make.server(1, 0, 100, **make.lens(100)),
        make.span(2, "foo1", 0, 30, 1),
        make.span(3, "foo2", 0, 80, 1),
        make.span(4, "foo3", 40, 100, 1),
    ]
    (fork,) = program(make, *spans)
    assert ms([fork]) == [
        ("fork", [
            [("foo1", [("W", 30)]), ("W", 10), ("foo3", [("W", 60)])],
            [("foo2", [("W", 80)])],
        ]),
    ]  # fmt: skip


def test_work_after_the_response_is_spawned(make):
    """It takes the loop, and the request does not wait for it."""
    spans = [
        make.server(1, 0, 10, **make.lens(10, [(0, 10)], longest=10)),
        make.span(2, "task", 5, 50, 1, **make.lens(45, [(5, 20)], [(25, 20)], longest=20)),
    ]
    items = program(make, *spans)
    (spawn,) = [item for item in items if isinstance(item, Spawn)]
    assert ("R", 20) in ms(spawn.items[0].items)
    assert sum(item.ns for item in items if isinstance(item, Run)) == 10 * MS


def test_another_service_takes_as_long_as_it_took(make):
    """Its own requests are replayed apart."""
    spans = [
        make.server(1, 0, 100, **make.lens(100)),
        make.span(2, "GET", 0, 100, 1, kind="client"),
        make.server(3, 10, 90, 2, name="GET /api", service="upstream"),
    ]
    found = {part.service: part.jobs for part in recorded([make.trace(*spans)])}
    assert set(found) == {"smokehouse", "upstream"}
    assert ms(found["smokehouse"][0].items) == [("GET", [("W", 100)])]


def test_calls_that_ran_n_at_a_time_have_a_limit(make):
    """A semaphore in the view: the pool has the calls' name, and n places."""
    calls = [
        make.span(2 + number, "call", at, at + 10, 1)
        for number, at in enumerate((0, 0, 10, 10, 20, 20))
    ]
    traces = [make.trace(make.server(1, 0, 30, **make.lens(30)), *calls)]
    (found,) = recorded(traces)
    assert found.pools == {"call": 2}
    uses = found.jobs[0].items[-1].branches
    assert [branch[0].pool for branch in uses] == ["call"] * 6
    assert simulate(found.jobs, pools=found.pools).times == [30 * MS]
    assert simulate(found.jobs, pools={"call": 6}).times == [10 * MS]


def test_a_wait_for_a_connection_is_made_anew(make):
    """Django keeps the connection until the request ends: two places, three requests."""
    spans, wait = [], {names.WAIT_KIND: names.WAIT_FOR_POOL, names.WAIT_POOL: "ConnectionPool",
                       names.WAIT_POOL_SIZE: 2}  # fmt: skip
    for number, end in enumerate((100, 100, 200)):
        spans.append(make.server(1, 0, end, trace=number + 1, **make.lens(end, [(0, 1)])))
    spans.append(make.span(2, names.SPAN_POOL_WAIT, 1, 101, 1, trace=3, **wait))
    traces = [make.trace(*(each for each in spans if each.trace_id == one.trace_id))
              for one in spans[:3]]  # fmt: skip
    (found,) = recorded(traces)
    assert found.pools == {"ConnectionPool": 2}
    times = [round(each / MS) for each in simulate(found.jobs, pools=found.pools).times]
    assert times == [100, 101, 199]
    times = [round(each / MS) for each in simulate(found.jobs, pools={"ConnectionPool": 3}).times]
    assert times == [100, 101, 102]


def test_a_wait_for_a_thread_is_made_anew(make):
    """All threads of the pool were taken: three calls on two threads."""
    queued = {names.THREAD_POOL_MOST: 2, names.THREAD_QUEUED_MS: 10.0}
    spans = [
        make.server(1, 0, 20, **make.lens(20)),
        make.span(2, "chop", 0, 10, 1, **{names.THREAD_ID: 5}),
        make.span(3, "chop", 0, 10, 1, **{names.THREAD_ID: 6}),
        make.span(4, "chop", 10, 20, 1, **{names.THREAD_ID: 5}, **queued),
    ]
    (found,) = recorded([make.trace(*spans)])
    assert found.pools == {"threads": 2}
    assert simulate(found.jobs, pools=found.pools).times == [20 * MS]


def test_a_call_that_waited_for_a_thread_waits_no_longer_with_more_of_them(make):
    """The wait for the thread came before the call's own span."""
    queued = {names.THREAD_POOL_MOST: 1, names.THREAD_QUEUED_MS: 10.0}
    first = [make.server(1, 0, 10, **make.lens(10)), make.span(2, "chop", 0, 10, 1)]
    second = [
        make.server(1, 0, 20, trace=2, **make.lens(20)),
        make.span(2, "chop", 10, 20, 1, trace=2, **queued),
    ]
    (found,) = recorded([make.trace(*first), make.trace(*second)])
    assert simulate(found.jobs, pools={"threads": 1}).times == [10 * MS, 20 * MS]
    assert simulate(found.jobs, pools={"threads": 2}).times == [10 * MS, 10 * MS]


def test_a_request_without_the_lens_is_known_from_its_spans_alone(make):
    """Its blocks ran on the loop; the delay by a block of another is no wait."""
    block = {names.BLOCKED_MS: 50.0, names.CODE_FUNCTION_NAME: "oversmoke"}
    culprit = make.trace(
        make.server(1, 0, 60),
        make.span(2, names.SPAN_BLOCKED, 5, 55, 1, **block),
    )
    blocked_by = {names.VICTIM_BLOCKED_BY: f"{1:032x}-{1:08x}{2:08x}+40.0"}
    victim = make.trace(make.server(1, 15, 65, trace=2, **blocked_by))
    (found,) = recorded([culprit, victim])
    assert [job.known_from for job in found.jobs] == [SPANS, SPANS]
    assert ms(found.jobs[0].items) == [("R", 0), ("W", 5), ("R", 50), ("W", 5)]
    assert found.jobs[0].items[2].line == "oversmoke"
    assert ms(found.jobs[1].items) == [("R", 0), ("W", 10)]


def test_a_request_that_was_not_measured_does_what_the_nearest_of_its_route_did(make):
    """The lens looks at some requests only."""
    measured = make.trace(make.server(1, 0, 10, **make.lens(10, [(0, 10)], longest=10)))
    other = make.trace(make.server(1, 50, 62, trace=2))
    later = make.trace(
        make.server(1, 900, 920, trace=4, **make.lens(20, [(0, 20)], longest=20)),
        make.server(2, 880, 899, trace=4),
    )
    elsewhere = make.trace(make.server(1, 50, 62, trace=3, name="GET /other"))
    (found,) = recorded([measured, other, elsewhere, later])
    assert [job.known_from for job in found.jobs] == [LENS, BORROWED, SPANS, BORROWED, LENS]
    assert found.jobs[1].items == found.jobs[0].items
    assert found.jobs[3].items == found.jobs[4].items
    assert found.jobs[1].recorded_ns == 12 * MS


def test_a_request_arrives_when_its_client_sent_it(make):
    """The fastest way to the server is the way; the rest was waiting in the socket."""
    spans = [make.span(9, "scenario", 0, 200)]
    for number, (sent, begun) in enumerate([(0, 2), (10, 62)]):
        spans += [
            make.span(10 + number, "GET", sent, begun + 20, 9, kind="client", service="player"),
            make.server(20 + number, begun, begun + 10, 10 + number, **make.lens(10)),
        ]
    (found,) = recorded([make.trace(*spans)])
    assert [job.recorded_ns / MS for job in found.jobs] == [10, 60]


def test_each_process_is_a_worker(make):
    """And a request that has no end is left out, and counted."""
    traces = [
        make.trace(make.server(1, 0, 10, trace=1, pid=1)),
        make.trace(make.server(1, 0, 10, trace=2, pid=2)),
        make.trace(make.server(1, 0, None, trace=3, pid=2)),
    ]
    (found,) = recorded(traces)
    assert (found.workers, found.unended) == (2, 1)
    assert [job.worker for job in found.jobs] == [0, 1]


@pytest.mark.parametrize("turns", ["", "x", "5", "5+", "9999999999999+1", "0+5 nonsense 3+4"])
def test_attributes_that_make_no_sense_harm_nothing(make, turns):
    """A trace comes from anywhere."""
    attributes = {names.LOOP_RUNNING_MS: 5.0, names.LOOP_AWAITING_MS: "much",
                  names.LOOP_TURNS: turns, names.LOOP_AWAITED: turns}  # fmt: skip
    (found,) = recorded([make.trace(make.server(1, 0, 10, **attributes))])
    assert simulate(found.jobs).times[0] <= 10 * MS
