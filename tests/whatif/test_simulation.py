"""The simulation against queueing theory that is known exactly, and its own laws."""

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.whatif import Call, Fork, Job, Run, Spawn, Use, Wait, simulate

MS = 1_000_000


def job(arrival, *items, worker=0):
    """A request that arrives at so many ns."""
    return Job("smokehouse", "GET /", arrival, worker, items, 0)


def times_ms(outcome):
    return [each / MS for each in outcome.times]


def test_requests_further_apart_than_their_service_never_wait():
    """D/D/1 below its capacity: each takes its own service time, and utilization is their ratio."""
    outcome = simulate([job(n * 10 * MS, Run(4 * MS)) for n in range(100)])
    assert set(outcome.times) == {4 * MS}
    assert outcome.utilization[0] == pytest.approx(0.4, rel=0.02)


def test_requests_faster_than_the_service_wait_for_all_before_them():
    """D/D/1 above its capacity: request n waits n times the difference."""
    outcome = simulate([job(n * 4 * MS, Run(10 * MS)) for n in range(50)])
    assert times_ms(outcome) == [10 + 6 * n for n in range(50)]
    assert outcome.utilization == [1.0]


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_random_arrivals_wait_as_long_as_theory_says(load):
    """M/D/1: the mean wait is load x service / (2 (1 - load)), by Pollaczek and Khinchine."""
    moments, at, jobs = random.Random(1), 0.0, []  # noqa: S311
    for _ in range(12_000):
        at += moments.expovariate(load / MS)
        jobs.append(job(round(at), Run(MS)))
    outcome = simulate(jobs)
    mean = sum(outcome.times) / len(jobs) - MS
    assert mean == pytest.approx(load * MS / (2 * (1 - load)), rel=0.1)
    assert outcome.utilization[0] == pytest.approx(load, rel=0.02)


def test_many_workers_wait_as_erlang_says():
    """M/M/3: each wait is that of Kiefer and Wolfowitz; the mean is near what Erlang says."""
    moments, at, jobs, load = random.Random(2), 0.0, [], 2.0  # noqa: S311
    for _ in range(12_000):
        at += moments.expovariate(load / MS)
        jobs.append(job(round(at), Run(round(moments.expovariate(1 / MS)))))
    outcome = simulate(jobs, workers=3)
    free, times = [0, 0, 0], []  # when each of the three servers has done what came before
    for each in jobs:
        service = each.items[0].ns
        done = max(heapq.heappop(free), each.arrival_ns) + service
        heapq.heappush(free, done)
        times.append(done - each.arrival_ns)
    assert list(outcome.times) == times
    mean = (sum(times) - sum(each.items[0].ns for each in jobs)) / len(jobs) / MS
    erlang_c = 4 / 9  # three servers, load two
    # 12,000 waits depend on one another: their mean is off by up to a fifth.
    assert mean == pytest.approx(erlang_c / (3 - load), rel=0.2)


def test_steps_of_several_requests_take_turns():
    """Two requests that yield after each step: both end together, after all steps of both."""
    slices = tuple(Run(50 * MS) for _ in range(4))
    jobs = [job(0, *slices), job(0, *slices)]
    assert times_ms(simulate(jobs, accepts_all=True)) == [300, 400]
    # One connection a turn: the second request begins a turn later.
    assert times_ms(simulate(jobs)) == [250, 400]


def test_waits_of_several_requests_overlap():
    """What is awaited takes no loop."""
    outcome = simulate([job(0, Run(MS), Wait(100 * MS), Run(MS)) for _ in range(3)])
    assert times_ms(outcome) == [102, 103, 104]


def test_a_block_delays_every_neighbour():
    """One step of a second: who arrives meanwhile waits for its end."""
    outcome = simulate([job(0, Run(1000 * MS)), job(200 * MS, Run(MS)), job(900 * MS, Run(MS))])
    assert times_ms(outcome) == [1000, 801, 102]
    assert outcome.unaccepted == [0, 800 * MS, 101 * MS]


def test_branches_run_at_once_and_share_the_loop():
    """A fork takes as long as its longest branch, and as long as all of their steps."""
    waits = Fork(((Wait(30 * MS),), (Wait(50 * MS),)))
    steps = Fork(((Run(30 * MS),), (Run(50 * MS),)))
    outcome = simulate([job(0, waits, Run(MS)), job(1000 * MS, steps, Run(MS))])
    assert times_ms(outcome) == [51, 81]


def test_background_work_does_not_delay_its_request_but_others():
    """It goes on after the response, on the same loop."""
    outcome = simulate(
        [job(0, Run(MS), Spawn((Wait(5 * MS), Run(100 * MS)))), job(10 * MS, Run(MS))]
    )
    assert times_ms(outcome) == [1, 97]


def test_a_pool_has_so_many_places_in_each_worker():
    """Five calls through two places take three rounds; another worker has a pool of its own."""
    call = Use("connections", (Wait(10 * MS),))
    one = simulate([job(0, Run(0), call) for _ in range(5)], pools={"connections": 2})
    assert times_ms(one) == [10, 10, 20, 20, 30]
    two = [job(0, Run(0), call, worker=number % 2) for number in range(4)]
    assert times_ms(simulate(two, pools={"connections": 1})) == [10, 10, 20, 20]


def test_a_limit_of_one_request_does_not_limit_another():
    """A semaphore that the view makes itself."""
    calls = Fork(tuple((Use("call", (Wait(10 * MS),), is_own=True),) for _ in range(4)))
    outcome = simulate([job(0, calls), job(0, calls)], pools={"call": 2})
    assert times_ms(outcome) == [20, 20]


def test_pools_that_wait_for_each_other_are_noticed():
    """Each of two requests has what the other needs: neither ends, and that is counted."""
    one, other = (Use(first, (Wait(5), Use(second, (Wait(5),)))) for first, second in ("pq", "qp"))
    outcome = simulate([job(0, one), job(0, other)], pools={"p": 1, "q": 1})
    assert outcome.unfinished == 2


def test_a_place_is_not_needed_twice():
    """A call within a call of the same pool runs in the place that it has."""
    nested = Use("p", (Use("p", (Wait(10 * MS),)),))
    assert times_ms(simulate([job(0, nested)], pools={"p": 1})) == [10]


def test_a_pool_without_a_known_size_limits_nothing():
    """Nothing showed how large it is."""
    outcome = simulate([job(0, Use("threads", (Wait(10 * MS),))) for _ in range(9)])
    assert set(times_ms(outcome)) == {10}


def test_an_idle_worker_takes_what_arrives():
    """Three arrive at once: three workers serve them at once, two in two rounds."""
    jobs = [job(0, Run(10 * MS)) for _ in range(3)]
    assert times_ms(simulate(jobs, workers=3)) == [10, 10, 10]
    assert times_ms(simulate(jobs, workers=2)) == [10, 10, 20]
    assert times_ms(simulate(jobs)) == [10, 20, 30]


def test_a_request_that_never_runs_takes_its_waits():
    """From spans alone, nothing is known to run on the loop."""
    assert times_ms(simulate([job(0, Wait(10 * MS)), job(0)])) == [10, 0]


def test_the_servers_own_work_comes_before_the_request(make):
    """Accepting and parsing take the loop from the others."""
    outcome = simulate([job(0, Run(MS)), job(0, Run(MS))], unseen_ns=MS // 2)
    assert times_ms(outcome) == [1.5, 3]
    assert outcome.unaccepted[0] == MS // 2


def test_no_jobs_are_no_time():
    """Nothing to simulate is no error."""
    assert simulate([]).times == []


# --- laws -----------------------------------------------------------------------

NS = st.integers(0, 20)
LEAF = st.one_of(st.builds(Run, NS), st.builds(Wait, NS))


def _more(items):
    inside = st.lists(items, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Call, st.sampled_from("ab"), inside),
        st.builds(Use, st.just("p"), inside),
        st.builds(Fork, st.lists(inside, max_size=3).map(tuple)),
        st.builds(Spawn, inside),
    )


ITEMS = st.lists(st.recursive(LEAF, _more, max_leaves=8), max_size=4).map(tuple)
JOBS = st.lists(st.tuples(st.integers(0, 100), ITEMS), min_size=1, max_size=6).map(
    lambda pairs: [job(at, *items) for at, items in pairs]
)
STEPS = st.lists(st.tuples(st.integers(0, 50), NS), min_size=1, max_size=12).map(
    lambda pairs: [job(at, Run(ns)) for at, ns in pairs]
)


@settings(max_examples=40)
@given(JOBS, st.integers(1, 3), st.integers(1, 3))
def test_every_request_ends_and_takes_at_least_its_time_alone(jobs, workers, places):
    """Nothing is lost in a queue, and nothing is faster than with the machine for itself."""
    from overlap.whatif.program import alone_ns, loop_ns

    outcome = simulate(jobs, workers, {"p": places})
    for each, taken in zip(jobs, outcome.times, strict=True):
        assert taken >= alone_ns(each.items)
    assert sum(outcome.running) == sum(loop_ns(each.items) for each in jobs)


@settings(max_examples=40)
@given(JOBS, st.integers(1, 3))
def test_the_same_jobs_give_the_same_outcome(jobs, workers):
    """Nothing is random, nor left from a run before."""
    pools = {"p": 1}
    assert simulate(jobs, workers, pools) == simulate(jobs, workers, pools)


@given(STEPS, st.integers(1, 4))
def test_more_workers_are_never_slower(jobs, workers):
    """For requests of one step each, in whatever order they come (Kiefer and Wolfowitz)."""
    some, more = (sorted(simulate(jobs, count).times) for count in (workers, workers + 1))
    assert all(after <= before for before, after in zip(some, more, strict=True))


@given(STEPS)
def test_requests_in_the_system_are_rate_times_time(jobs):
    """Little's law, exact: requests that are there, added up over time, are their times."""
    outcome = simulate(jobs)
    ends = [each.arrival_ns + taken for each, taken in zip(jobs, outcome.times, strict=True)]
    there = sum(
        sum(each.arrival_ns <= at < end for each, end in zip(jobs, ends, strict=True))
        for at in range(max(ends))
    )
    assert there == sum(outcome.times)


@given(STEPS)
def test_a_loop_is_never_idle_while_a_request_waits(jobs):
    """The utilization law: a single loop ends when its work without idle times would."""
    free = 0
    for each in sorted(jobs, key=lambda one: one.arrival_ns):
        free = max(free, each.arrival_ns) + each.items[0].ns
    assert simulate(jobs).ended_ns == max(free, *(each.arrival_ns for each in jobs))


@settings(max_examples=50)
@given(STEPS, st.integers(0, 11), st.integers(1, 20))
def test_a_faster_step_slows_nobody(jobs, which, less):
    """On one loop, first come, first served."""
    place = which % len(jobs)
    one = jobs[place]
    faster = Run(max(0, one.items[0].ns - less))
    changed = [job(one.arrival_ns, faster) if at == place else each for at, each in enumerate(jobs)]
    before, after = simulate(jobs).times, simulate(changed).times
    assert all(later <= earlier for earlier, later in zip(before, after, strict=True))
