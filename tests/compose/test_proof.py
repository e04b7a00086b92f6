"""What `python -m otel.native scale --load` says of its phases, and where `--latency` runs what."""

import asyncio
import os
import sys
from dataclasses import replace

import pytest

from otel.native.errors import StackError
from otel.native.scale.load import Outcome, Sent, send
from otel.native.scale.places import SAMPLERS, ScalePorts
from otel.native.scale.proof import (
    DECISION_WAIT_S,
    SECOND_DECISION_WAIT_S,
    SETTINGS,
    Phase,
    Proof,
    longest_pause,
)
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
        {"missing_spans": [("ab", "victim", "lacks GET /")]},
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


def test_the_second_group_of_samplers_waits_longer(tmp_path):
    """So long as SECOND_DECISION_WAIT says; both the same where it is not set."""
    with Sleeping(tmp_path, ScalePorts.free(), settings=SETTINGS) as stack:
        waits = [stack.environment(name)["DECISION_WAIT"] for name in SAMPLERS]
    assert waits == [f"{DECISION_WAIT_S}s", f"{SECOND_DECISION_WAIT_S}s"]
    with Sleeping(tmp_path, ScalePorts.free(), settings={"DECISION_WAIT": "15s"}) as stack:
        assert {stack.environment(name)["DECISION_WAIT"] for name in SAMPLERS} == {"15s"}


def test_an_answer_of_the_proxy_is_no_answer_of_an_app():
    """Nor is none: both count as unanswered, whatever status the proxy chose."""

    async def proxy(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 502 Bad Gateway\r\nServer: Caddy\r\nContent-Length: 0\r\n\r\n"
        writer.write(head)
        await writer.drain()
        writer.close()

    async def sent():
        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await send(f"http://127.0.0.1:{port}", 0.1, 20, {"/": 1.0})

    assert [each.status for each in asyncio.run(sent())] == [0, 0]


def test_the_longest_time_without_a_span_is_measured_until_it_is_cancelled(tmp_path):
    """From what the sampler says, four times a second; here nothing comes for a second."""
    counts = iter([1, 2, 3, 3, 3, 3, 4])
    ended = asyncio.Event()

    async def sampler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if (spans := next(counts, None)) is None:
            spans = 5
            ended.set()
        body = f'otelcol_receiver_accepted_spans_total{{receiver="kafka"}} {spans}\n'
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    async def measured():
        async with await asyncio.start_server(sampler, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            ports = replace(ScalePorts.free(), sampler_a_metrics=port)
            task = asyncio.create_task(longest_pause(ScaleStack(tmp_path, ports), "sampler-a"))
            await ended.wait()
            task.cancel()
            return await task

    assert asyncio.run(measured()) >= 3 * 0.25


def test_what_is_missing_is_said_with_its_request_and_with_what_was_killed_meanwhile():
    """So that the hop that lost it can be found."""
    lost = str(Sent("ab" * 16, "/menu/", 1.25, 7.0, 200, "Kafka killed (-9)"))
    lines = Outcome(missing=[lost]).lines()
    assert any(
        "/menu/ answered 200 in 7 ms, sent after 1.2 s of: Kafka killed (-9)" in line
        for line in lines
    )


def test_the_processor_time_of_each_server_is_known(tmp_path):
    """By its name, of the whole process."""
    if sys.platform != "linux":
        pytest.skip("read from Linux's /proc")
    with Sleeping(tmp_path, ScalePorts.free()) as stack:
        stack.start("kafka")
        assert stack.cpu_s().keys() == {"kafka"}
        assert 0 <= stack.cpu_s()["kafka"] < 60
