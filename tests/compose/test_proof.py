"""What `python -m otel.native scale --load` says of its phases, and where `--latency` runs what."""

import os
import sys

import pytest

from otel.native.errors import StackError
from otel.native.scale.load import Outcome, Sent
from otel.native.scale.places import ScalePorts
from otel.native.scale.proof import Phase, Proof
from otel.native.scale.stack import ScaleStack


def phase(name, *times_ms):
    return Phase(name, [Sent("ab" * 16, "/", 0.0, ms, 200) for ms in times_ms])


def test_each_phase_has_its_percentiles_and_the_ratio_to_the_first():
    """Of `GET /`, in milliseconds."""
    calm, killed = phase("undisturbed", *[2.0] * 99, 10.0), phase("killed", *[2.0] * 99, 11.0)
    lines = Proof([calm, killed], Outcome(sent=200), 100).lines()
    assert lines[0].startswith("undisturbed ")
    assert lines[0].endswith("100 requests, / in 2.0 ms, p99 10.0 ms, 1.00 times the first")
    assert lines[1].endswith("p99 11.0 ms, 1.10 times the first")


@pytest.mark.parametrize(
    "bad",
    [
        {"missing": ["ab"]}, {"not_kept": [("ab", "blocked")]}, {"unanswered": [None]},
        {"missing_spans": [("ab", "victim", 1)]},
    ],
)  # fmt: skip
def test_it_holds_only_if_nothing_was_lost_and_everything_was_counted(bad):
    """A trace that is not whole is lost, too."""
    phases = [phase("undisturbed", 1.0, 2.0)]
    assert Proof(phases, Outcome(), 2).holds
    assert not Proof(phases, Outcome(), 1).holds
    assert not Proof(phases, Outcome(**bad), 2).holds


class Sleeping(ScaleStack):
    """Servers that only sleep."""

    def command(self, name):
        return [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def two_cores():
    """Two of this machine's cores; the process has all of them again afterwards."""
    if sys.platform != "linux":
        pytest.skip("processes are bound to cores on Linux only")
    usual = os.sched_getaffinity(0)
    if len(usual) < 2:
        pytest.skip("this machine has one core")
    os.sched_setaffinity(0, sorted(usual)[:2])
    yield sorted(usual)[:2]
    os.sched_setaffinity(0, usual)


def test_apart_what_a_request_passes_has_a_core_of_its_own(tmp_path, two_cores):
    """The apps, the proxy and the load on the first core, the rest on the others."""
    first, second = two_cores
    with Sleeping(tmp_path, ScalePorts.free(), apart=True) as stack:
        for name in ("app-1", "kafka", "proxy", "gateway-1"):
            stack.start(name)
        cores = {name: os.sched_getaffinity(each.pid) for name, each in stack._running.items()}
    assert cores == {"app-1": {first}, "kafka": {second}, "proxy": {first}, "gateway-1": {second}}
    assert os.sched_getaffinity(0) == {first}


def test_apart_needs_two_cores(tmp_path, two_cores):
    """On one, there is nowhere else."""
    os.sched_setaffinity(0, two_cores[:1])
    with pytest.raises(StackError, match="two cores"):
        ScaleStack(tmp_path, ScalePorts.free(), apart=True)


def test_the_processor_time_of_each_server_is_known(tmp_path):
    """By its name, of the whole process."""
    if sys.platform != "linux":
        pytest.skip("read from Linux's /proc")
    with Sleeping(tmp_path, ScalePorts.free()) as stack:
        stack.start("kafka")
        assert stack.cpu_s().keys() == {"kafka"}
        assert 0 <= stack.cpu_s()["kafka"] < 60
