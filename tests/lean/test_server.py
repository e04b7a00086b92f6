"""A real uvicorn in front: threads counted by the system, requests over HTTP."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

SITE = Path(__file__).parent / "site"
DEADLINE_S = 30.0


@pytest.fixture
def server(site_environment, tmp_path):
    """A lean site under uvicorn, as its URL and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "leansite.asgi:application"]
    options = ["--port", str(port), "--loop", "uvloop", "--log-level", "warning"]
    log = tmp_path / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *options], cwd=SITE, env=site_environment(True), stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            httpx.get(f"{url}/index/")
            break
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield url, psutil.Process(process.pid)
    process.terminate()
    process.wait(DEADLINE_S)
    assert log.read_text() == ""


def test_two_hundred_in_flight_hold_no_thread(server):
    """Two hundred clients wait in an async view, and the process has no more threads than idle."""
    url, process = server

    async def run():
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, limits=limits, timeout=DEADLINE_S) as client:
            before = process.num_threads()
            waiting = [asyncio.create_task(client.get("/slow/")) for _ in range(200)]
            inside = 0
            while inside < 200:
                inside = (await client.get("/waiting/")).json()["inside"]
            during = process.num_threads()
            await client.get("/open/")
            answers = await asyncio.gather(*waiting)
            return before, during, {answer.status_code for answer in answers}

    before, during, statuses = asyncio.run(run())
    assert during <= before
    assert statuses == {200}


def test_sync_requests_leave_no_more_threads_than_came_at_once(server):
    """Forty sync requests from one client, one after the other, take one thread between them."""
    url, process = server
    before = process.num_threads()
    with httpx.Client(base_url=url) as client:
        names = {client.get("/sync/").json()["thread"] for _ in range(40)}
    # The next request may come before the last one's thread is back: two take turns then.
    assert len(names) <= 2
    assert process.num_threads() <= before + 2
