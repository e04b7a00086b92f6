"""What goes away comes back, and nothing that was accepted is lost."""

import concurrent.futures
import contextlib
import os
import secrets
import signal
import threading
import time

import httpx
import pytest

AWAY_S = 60.0
"""A minute: longer than any time-out of the collector or the SDK."""


class Load:
    """Requests with trace ids of our own, a few at a time, until it is stopped."""

    def __init__(self, url, *, per_second=25):
        self._url = url
        self._pause = 1 / per_second
        self._stop = threading.Event()
        self.sent = []
        self.failed = []

    def __enter__(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        with (
            httpx.Client(trust_env=False, timeout=20) as client,
            concurrent.futures.ThreadPoolExecutor(4) as pool,
        ):
            while not self._stop.wait(self._pause):
                trace_id = secrets.token_hex(16)
                self.sent.append(trace_id)
                pool.submit(self._one, client, trace_id)

    def _one(self, client, trace_id):
        header = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        try:
            client.get(self._url, headers={"traceparent": header}).raise_for_status()
        except httpx.HTTPError as error:
            self.failed.append((trace_id, repr(error)))


@pytest.fixture
def lost(demo, poll):
    """Call it with trace ids: those that Jaeger does not have, once it had time."""
    return lambda sent: _lost(demo, poll, sent)


def _lost(demo, poll, sent):
    missing = set(sent)

    def look():
        for trace_id in [*missing]:
            answer = httpx.get(
                f"{demo.stack.url('jaeger')}/api/v3/traces/{trace_id}", trust_env=False, timeout=20
            )
            if answer.is_success:
                missing.discard(trace_id)
        return not missing

    with contextlib.suppress(AssertionError):
        poll(look, within_s=120, every_s=1)
    return missing


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_collector_killed_under_load_loses_nothing(demo, lost, how):
    """The collector ends, however, and is started again: every request's trace is in Jaeger."""
    with Load(demo.app_url) as load:
        time.sleep(3)
        demo.stack.stop("collector", how)
        time.sleep(2)
        demo.stack.start("collector")
        demo.stack.wait("collector")
        time.sleep(3)
    assert load.failed == []
    assert len(load.sent) > 50
    assert lost(load.sent) == set()


def test_jaeger_down_for_a_minute_loses_nothing(demo, lost):
    """While Jaeger is away the collector keeps what it took, on disk, and hands it on after."""
    with Load(demo.app_url) as load:
        time.sleep(1)
        demo.stack.stop("jaeger")
        time.sleep(AWAY_S)
        demo.stack.start("jaeger")
        demo.stack.wait("jaeger")
    assert load.failed == []
    assert lost(load.sent) == set()


def test_traces_survive_a_restart_of_jaeger(demo, lost):
    """Badger keeps them."""
    with Load(demo.app_url) as load:
        time.sleep(2)
    assert lost(load.sent) == set()
    demo.stack.stop("jaeger")
    demo.stack.start("jaeger")
    demo.stack.wait("jaeger")
    assert lost(load.sent) == set()


@pytest.mark.loki
def test_loki_down_loses_no_line(demo, poll):
    """While Loki is away the collector keeps the lines."""
    before = os.urandom(4).hex()
    demo.stack.stop("loki")
    ids = [secrets.token_hex(16) for _ in range(20)]
    with httpx.Client(trust_env=False, timeout=20) as client:
        for trace_id in ids:
            header = f"00-{trace_id}-{secrets.token_hex(8)}-01"
            client.get(
                f"{demo.app_url}/smoke_some_meats/?{before}", headers={"traceparent": header}
            ).raise_for_status()
    time.sleep(10)
    demo.stack.start("loki")
    demo.stack.wait("loki")
    for trace_id in ids:
        expr = f'{{service_name="smokehouse"}} | trace_id="{trace_id}"'
        poll(lambda expr=expr: sum(len(each["values"]) for each in demo.lines(expr)) == 22)


def test_requests_go_on_with_no_backend_at_all(demo):
    """Every server of the stack stopped: the demo answers as before."""
    names = [*demo.stack.servers]
    for name in names:
        demo.stack.stop(name)
    try:
        for _ in range(20):
            assert httpx.get(demo.app_url, trust_env=False, timeout=20).status_code == 200
    finally:
        for name in names:
            demo.stack.start(name)
        demo.stack.wait()
