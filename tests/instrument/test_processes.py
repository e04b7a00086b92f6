"""Servers with several processes: every one is traced, and none twice."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path

import httpx
import pytest
import uvicorn

SITE = Path(__file__).parent / "site"


@pytest.fixture
def ask(sink, wait_until):
    """A function that sends requests, each on a connection of its own, until `pids` have answered.

    It gives back how many each process has answered, once there are as many spans.
    """
    every = Counter()

    def ask(server, pids):
        asked = Counter()

        def once(_number):
            # One that was given up would be traced all the same, and not counted here.
            with httpx.Client(verify=False, trust_env=False, timeout=60) as client:  # noqa: S501
                return int(client.get(f"{server.url}/pid/").text)

        def round_of_requests():
            with ThreadPoolExecutor(16) as pool:
                asked.update(pool.map(once, range(32)))
            return len(asked) >= pids

        wait_until(round_of_requests, f"{pids} processes")
        every.update(asked)
        wait_until(lambda: len(sink.named("GET /pid/")) >= sum(every.values()))
        return asked

    return ask


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# On a busy machine a worker may not answer its parent within the usual 5 s, and is killed.
# uvicorn 0.36 has no option for it; the other one changes nothing here.
HAS_HEALTHCHECK = "timeout_worker_healthcheck" in signature(uvicorn.Config).parameters
PATIENT = {
    "uvicorn": f"--timeout-{'worker-healthcheck' if HAS_HEALTHCHECK else 'keep-alive'}=60",
    "gunicorn": "--timeout=60",
}


@pytest.mark.parametrize(("by", "pids"), [("uvicorn", 4), ("gunicorn", 2)])
def test_every_worker_is_traced_and_none_twice(serve, sink, ask, by, pids):
    """As many spans as requests, by process; each has an instance id of its own."""
    server = serve(PATIENT[by], "--workers", str(pids), by=by)
    asked = ask(server, pids)
    spans = sink.named("GET /pid/")
    assert Counter(span.resource["process.pid"] for span in spans) == asked
    pairs = {(s.resource["process.pid"], s.resource["service.instance.id"]) for s in spans}
    assert len(pairs) == len({instance for _, instance in pairs}) == pids
    server.stop()
    assert not [pid for pid in asked if is_alive(pid)], "a worker outlived its server"
    assert sum(p.as_int for _, p in sink.points("http.server.active_requests")) == 0
    assert "Traceback" not in server.log


def test_a_reload_serves_traced_requests_with_the_new_code(serve, sink, ask, tmp_path, wait_until):
    """Before and after a file has changed: one span a request, of two processes."""
    site = shutil.copytree(SITE, tmp_path / "site")
    server = serve("--reload", "--reload-delay", "0.1", cwd=site)
    (before,) = ask(server, 1)
    views = site / "smokesite" / "views.py"
    views.write_text(views.read_text().replace('"hello"', '"hello again"'))

    def is_new():
        try:
            return server.get("/").text == "hello again"
        except httpx.TransportError:  # between the two
            return False

    wait_until(is_new)
    (after,) = ask(server, 1)
    assert after != before
    assert Counter(s.resource["process.pid"] for s in sink.named("GET /pid/")) == {
        before: 32,
        after: 32,
    }
    server.stop()
    assert "Traceback" not in server.log
