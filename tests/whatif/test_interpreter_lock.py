"""The interpreter lock of the model: threads take turns to compute, with the loop, too."""

import random

import pytest

from overlap import names
from overlap.errors import OverlapError
from overlap.whatif import (
    Call,
    Change,
    Compute,
    Fork,
    Job,
    Run,
    Spawn,
    Use,
    Wait,
    parse_faster,
    parse_processes,
    recorded,
    simulate,
    what_if,
)
from overlap.whatif.changes import WORKERS, Applied

MS = 1_000_000
SWITCH = 5 * MS


def job(arrival, *items, worker=0):
    """A request that arrives at so many ns."""
    return Job("smokehouse", "GET /", arrival, worker, items, 0)


def compute(ms, recorded_ms=None):
    """Computing in a thread."""
    return Compute(round(ms * MS), round((recorded_ms or ms) * MS))


def test_threads_that_compute_at_once_take_the_time_of_all():
    """Each gets an equal part, so that all end within a few switch intervals of each other."""
    branches = tuple((compute(100),) for _ in range(3))
    outcome = simulate([job(0, Fork(branches))], lock_waits=0)
    assert outcome.times == [300 * MS]
    three = [job(0, compute(100)) for _ in range(3)]
    ends = simulate(three, accepts_all=True, lock_waits=0).times
    assert max(ends) == 300 * MS
    assert min(ends) >= 300 * MS - 4 * SWITCH


def test_a_short_call_does_not_wait_for_a_long_one_to_end():
    """It has the lock after a switch interval, as the loop has that accepts it, in three turns."""
    long, short = simulate([job(0, compute(1000)), job(100 * MS, compute(4))], lock_waits=0).times
    assert 4 * MS <= short <= 4 * MS + 4 * SWITCH
    assert long == 1004 * MS


def test_without_a_lock_computing_takes_as_long_as_it_did():
    """As recorded: code in C may have released it."""
    outcome = simulate([job(0, Fork(((compute(100, 120),), (compute(100, 130),))))])
    assert outcome.times == [130 * MS]


def test_each_worker_has_a_lock_of_its_own():
    """Threads of two processes compute at once."""
    assert simulate(
        [job(0, compute(100), worker=0), job(0, compute(100), worker=1)], lock_waits=0
    ).times == [100 * MS, 100 * MS]


def test_a_loop_waits_for_a_thread_at_each_turn():
    """For a switch interval at most, as asking for events gives the lock up."""
    turns = tuple(each for _ in range(10) for each in (Run(MS), Wait(MS)))
    alone, *_ = simulate([job(100 * MS, *turns)], lock_waits=0).times
    assert alone == 20 * MS
    _, beside = simulate([job(0, compute(1000)), job(100 * MS, *turns)], lock_waits=0).times
    assert beside <= alone + 11 * SWITCH
    assert beside >= alone + 9 * (SWITCH - MS)


def test_a_long_step_of_the_loop_gives_the_lock_up_now_and_then():
    """A thread does not wait until it ends."""
    thread, step = simulate([job(0, compute(20)), job(MS, Run(500 * MS))], lock_waits=0).times
    assert thread <= 45 * MS
    assert 515 * MS <= step <= 520 * MS


def test_a_turn_of_many_short_steps_gives_it_up_as_well():
    """A switch interval is one of time, whatever steps it has."""
    steps = [job(0, Run(2 * MS)) for _ in range(50)]
    outcome = simulate([job(0, compute(20)), *steps], accepts_all=True, lock_waits=0)
    assert outcome.times[0] <= 60 * MS
    assert max(outcome.times) == 120 * MS


def test_a_server_that_asks_for_the_lock_waits_for_it():
    """So many times more for each request; without threads that compute, it costs nothing."""
    beside = [job(0, compute(1000)), job(100 * MS, Run(MS))]
    without, with_three = (simulate(beside, lock_waits=n).times[1] for n in (0, 3))
    assert with_three - without == pytest.approx(3 * SWITCH, abs=SWITCH)
    assert simulate([job(0, Run(MS))], lock_waits=3).times == [MS]


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_random_arrivals_share_the_lock_as_theory_says(load):
    """Turns that are short beside the work are processor sharing: mean = service / (1 - load)."""
    moments, at, jobs, service = random.Random(3), 0.0, [], 200  # noqa: S311
    for _ in range(1500):
        at += moments.expovariate(load / (service * MS))
        jobs.append(job(round(at), compute(service)))
    outcome = simulate(jobs, lock_waits=0)
    mean = sum(outcome.times) / len(jobs) / MS
    assert mean == pytest.approx(service / (1 - load), rel=0.1)


# --- changes ------------------------------------------------------------------------


def test_processes_compute_without_the_lock():
    """The call has a place among so many processes instead."""
    applied = Applied(parse_processes("grind=2"))
    grind, other = Call("grind", (compute(100, 190), Wait(5))), Call("other", (compute(1),))
    (changed,) = applied((Fork(((grind,), (other,), (Spawn((Wait(1),)),))),))
    assert changed.branches[:2] == (
        (Use("processes", (Call("grind", (Wait(100 * MS), Wait(5))),)),), (other,),
    )  # fmt: skip
    assert applied.count == 1


def test_a_faster_call_computes_for_a_shorter_time():
    """Its processor time and its waits, alike."""
    (changed,) = Applied(parse_faster("grind=50%"))((Call("grind", (compute(100, 190),)),))
    assert changed.items == (compute(50, 95),)


@pytest.mark.parametrize("text", ["", "grind", "grind=", "grind=0", "=2", "grind=x", "grind=-1"])
def test_what_is_no_change_is_one_sentence(text):
    """With what was given, and an example."""
    with pytest.raises(OverlapError, match="such as"):
        parse_processes(text)


def test_the_change_can_be_said_in_words():
    """For the report."""
    assert parse_processes("a=b=4").words == "a=b computes in 4 processes for each worker"


# --- from traces --------------------------------------------------------------------


@pytest.fixture
def grinding(make):
    """A function that returns ten requests, each with two threads that compute for 100 ms."""

    def of(took, *, cpu=200.0, spans=True, apart=1000):
        traces = []
        for number in range(10):
            at, row = number * apart, {"trace": number + 1}
            threads = {
                names.THREAD_CPU_MS: cpu,
                names.THREAD_RUNNING_MS: 2.0 * took,
                names.THREAD_CALLS: 2,
            }
            figures = make.lens(took + 4, [(0, 2), (took + 2, 2)], [(2, took)]) | threads
            calls = [
                make.span(each, "grind", at + 2, at + 2 + took, 1, **row,
                          **{names.THREAD_QUEUED_MS: 0.1, names.THREAD_ID: each})
                for each in (2, 3)
            ]  # fmt: skip
            request = make.server(1, at, at + took + 4, **row, **figures)
            traces.append(make.trace(request, *(calls if spans else ())))
        return recorded(traces)

    return of


def median(found, key="predicted"):
    (row,) = found["routes"]
    assert row["is_trusted"], row
    return row[key]["p50_ms"]


@pytest.mark.parametrize("spans", [True, False])
def test_threads_that_took_turns_are_replayed_with_a_lock(grinding, spans):
    """The replay is the recording, with a span for each call or without."""
    found = what_if(grinding(200, spans=spans), [])
    (service,) = found["services"]
    assert service["lock_waits"] == 0
    assert service["notes"][0].startswith("threads computed for 2.0 s: they are replayed with one")
    assert median(found, "replayed") == pytest.approx(204, abs=8)


def test_processes_would_halve_what_took_turns(grinding):
    """Each call computes for 100 ms."""
    assert median(what_if(grinding(200), [parse_processes("grind=2")])) == pytest.approx(104, abs=8)
    one = median(what_if(grinding(200), [parse_processes("grind=1")]))
    assert one == pytest.approx(204, abs=8)


def test_more_workers_relieve_the_lock_of_one(grinding):
    """Requests that overlap have a lock each; one that is alone takes as long as before."""
    crowded = grinding(400, apart=200)
    at_once = median(what_if(crowded, [Change(WORKERS, "", 4)]))
    assert at_once == pytest.approx(204, abs=25)
    alone = median(what_if(grinding(200), [Change(WORKERS, "", 4)]))
    assert alone == pytest.approx(204, abs=8)


def test_threads_that_computed_at_once_are_replayed_without_a_lock(grinding):
    """As code in C does that releases it: a replay in turns would take twice as long."""
    found = what_if(grinding(102), [])
    (service,) = found["services"]
    assert service["lock_waits"] is None
    assert "fits better without an interpreter lock" in service["notes"][0]
    assert median(found, "replayed") == pytest.approx(106, abs=4)


def test_what_a_call_waited_for_otherwise_stays(grinding):
    """Of 200 ms it computed for 20, and the other call for 20."""
    found = what_if(grinding(200, cpu=40.0), [parse_processes("grind=2")])
    assert median(found) == pytest.approx(204 - 20, abs=8)


def test_a_thread_waits_for_the_loop_as_well(make):
    """Another request had the loop, and the lock, for half of the time of the call."""
    traces = []
    for number in range(10):
        at, one, other = number * 1000, {"trace": number + 1}, {"trace": number + 101}
        threads = {names.THREAD_CPU_MS: 100.0, names.THREAD_RUNNING_MS: 200.0}
        figures = make.lens(202, [(0, 1), (201, 1)], [(1, 200)]) | threads
        request = make.server(1, at, at + 202, name="GET /grind/", **one, **figures)
        call = make.span(2, "grind", at + 1, at + 201, 1, **one, **{names.THREAD_QUEUED_MS: 0.1})
        busy = make.server(1, at + 2, at + 200, **other, **make.lens(198, [(0, 100), (190, 8)]))
        traces += [make.trace(request, call), make.trace(busy)]
    found = what_if(recorded(traces), [parse_processes("grind=1")])
    row = next(each for each in found["routes"] if each["route"] == "GET /grind/")
    assert row["predicted"]["p50_ms"] <= 130, row


def test_a_call_that_computes_in_no_thread_has_no_process(grinding):
    """One sentence rather than a prediction of no change."""
    with pytest.raises(OverlapError, match="computed in a thread"):
        what_if(grinding(200), [parse_processes("nobody=2")])
    with pytest.raises(OverlapError, match="computed in a thread"):
        what_if(grinding(200, cpu=0.5), [parse_processes("grind=2")])
