"""The client for the upstream, beside lessons that block the loop."""

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app import upstream

BLOCKED_S = 10.5
"""As long as several clients of `/cpu/` blocked the loop at once on a busy machine."""


class Answering(BaseHTTPRequestHandler):
    """An upstream that answers at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Write no log."""


@pytest.fixture
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_a_call_does_not_fail_because_its_loop_was_blocked_by_another_request(url):
    """While it connects, which is where httpx gave up: the lesson's neighbours got a 500."""

    async def blocked_while_it_connects():
        call = asyncio.create_task(upstream.get(url))
        for _ in range(4):
            await asyncio.sleep(0)
        assert not call.done()
        time.sleep(BLOCKED_S)  # noqa: ASYNC251  the loop has to be blocked
        answer = await call
        await upstream._pools[asyncio.get_running_loop()].client.aclose()
        return answer.status_code

    assert asyncio.run(blocked_while_it_connects()) == 204
