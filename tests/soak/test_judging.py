"""The soak's judgements fail for what they are there to find, and not for a busy machine."""

import pytest

from tests.soak.drift import ENOUGH, Course, Window, drift_of_cpu, drift_of_p99
from tests.soak.measure import Process, Sample, p99

STEADY = Course(Window(0.002, 1.0, ENOUGH), Window(0.002, 1.0, ENOUGH))


def course(p99=(0.1, 0.1), cpu=(5.0, 5.0), requests=ENOUGH):
    """A server in two windows."""
    return Course(*(Window(each, used, requests) for each, used in zip(p99, cpu, strict=True)))


@pytest.mark.parametrize(
    ("server", "control", "is_well"),
    [
        ((0.1, 0.1), (0.002, 0.002), True),
        ((0.01, 0.08), (0.002, 0.002), True),  # not noticed
        ((0.1, 0.25), (0.002, 0.002), False),
        ((0.1, 0.25), (0.002, 0.004), True),  # the machine is busier
        ((0.1, 0.5), (0.002, 0.004), False),  # but not that much
        ((0.1, 0.25), (0.004, 0.002), False),  # a quieter machine excuses nothing
    ],
)
def test_p99_may_grow_as_the_bare_servers_does(server, control, is_well):
    """And not more than that."""
    found, sentence = drift_of_p99(course(server), course(control))
    assert found is is_well
    assert f"{server[1] * 1000:.0f} ms in the last" in sentence


@pytest.mark.parametrize(
    ("server", "control", "is_well"),
    [
        ((5.0, 6.0), (1.0, 1.0), True),
        ((5.0, 7.0), (1.0, 1.0), False),
        ((5.0, 7.0), (1.0, 1.2), True),
        ((5.0, 7.0), (1.0, 0.5), False),
    ],
)
def test_a_request_costs_as_much_at_the_end(server, control, is_well):
    """Processor time a request, which waiting does not change."""
    found, _ = drift_of_cpu(course(cpu=server), course(cpu=control))
    assert found is is_well


def test_few_requests_are_not_judged_by_their_cost():
    """A short soak says so."""
    found, sentence = drift_of_cpu(course(cpu=(5.0, 9.0), requests=ENOUGH - 1), STEADY)
    assert found
    assert "too few to judge" in sentence


def test_processor_time_is_that_of_the_window():
    """Samples do not lie on its edges."""
    process = Process("app", 1)
    process.samples = [Sample(at, 0, 0, 0, cpu=at * 0.5) for at in range(1, 100, 2)]
    assert process.cpu(20, 40) == pytest.approx(10.0)


def test_p99_is_of_what_began_in_the_window():
    """Of one hundred durations the second longest."""
    durations = [(float(n), n / 1000) for n in range(300)]
    assert p99(durations, 100, 200) == 0.199
