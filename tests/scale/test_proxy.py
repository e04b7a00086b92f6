"""The proxy before the gateways: a batch whose gateway is killed goes to the other one."""

import socket
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from otel.native.scale.places import FILES
from otel.native.servers import servers
from otel.native.supervisor import HOST
from overlap.telemetry.endpoint import EXPORT_TIMEOUT_S

BATCH = b"spans" * 100_000
RESETS = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset, as the kernel does for a process that was killed."""


class Gateway(BaseHTTPRequestHandler):
    """Reads each batch whole; answers it, or resets the connection where it plays one that dies."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Read the batch, then die or answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        if self.server.dies:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def gateways():
    """Two gateways; the first dies at each batch."""
    both = [ThreadingHTTPServer((HOST, 0), Gateway) for _ in range(2)]
    for number, each in enumerate(both):
        each.bodies, each.dies = [], number == 0
        threading.Thread(target=each.serve_forever, args=(0.05,)).start()
    yield both
    for each in both:
        each.shutdown()
        each.server_close()


@pytest.fixture
def proxy(gateways, apps, tmp_path):
    """Caddy with the file of compose.scale.yml; its two ports, for the apps and for OTLP."""
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        ports = [each.getsockname()[1] for each in (one, other)]
    addresses = " ".join(f"{HOST}:{each.server_address[1]}" for each in gateways)
    caddy = servers()["caddy"].place
    process = subprocess.Popen(
        [caddy, "run", "--config", FILES / "Caddyfile", "--adapter", "caddyfile"],
        env={
            "BIND_HOST": HOST, "PROXY_PORT": str(ports[0]), "OTLP_PORT": str(ports[1]),
            "GATEWAYS": addresses, "APPS": " ".join(f"{HOST}:{each.port}" for each in apps),
            "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
        },
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not listens(ports[1]):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield ports
    process.terminate()
    process.wait(30)


@pytest.fixture
def apps():
    """Two hosts of the app, as servers that answer GET; each can be stopped and started."""
    hosts = [Host(), Host()]
    yield hosts
    for each in hosts:
        each.stop()


class Host:
    """An app on a port of its own."""

    def __init__(self):
        self.port, self.server = 0, None
        self.start()

    def start(self):
        """Listen, on the same port as before."""
        self.server = ThreadingHTTPServer((HOST, self.port), App)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,)).start()

    def stop(self):
        """Refuse every connection from now on."""
        self.server.shutdown()
        self.server.server_close()


class App(BaseHTTPRequestHandler):
    """Answers GET with an empty page, and closes the connection."""

    def do_GET(self):
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_a_batch_whose_gateway_is_killed_reaches_the_other_one(gateways, proxy):
    """Whole, and within the time that an export has, for several exports in a row."""
    dying, other = gateways
    with httpx.Client(trust_env=False, timeout=EXPORT_TIMEOUT_S) as client:
        for _ in range(4):
            assert (
                client.post(f"http://{HOST}:{proxy[1]}/v1/traces", content=BATCH).status_code == 200
            )
    assert dying.bodies
    assert other.bodies == [BATCH] * 4


def test_a_host_that_was_restarted_is_used_again_before_the_next_one_restarts(apps, proxy):
    """No request waits until the proxy forgets that a host failed which has long been ready."""
    took_s = []

    def request(client):
        began = time.monotonic()
        assert client.get("/").status_code == 200
        took_s.append(time.monotonic() - began)

    with httpx.Client(base_url=f"http://{HOST}:{proxy[0]}", trust_env=False, timeout=30) as client:
        for host in apps:
            host.stop()
            for _ in range(2):  # one of them meets the host that is away
                request(client)
            time.sleep(1.2)  # as long as an app takes to start, at least
            host.start()
    assert max(took_s) < 1.0
