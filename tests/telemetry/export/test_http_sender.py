"""Sending OTLP over HTTP: headers, compression, TLS, retries, as the standard's variables say."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from overlap.telemetry.endpoint import Destination
from overlap.telemetry.export import http_sender
from overlap.telemetry.export.http_sender import HttpSender

BODY = b"spans" * 200


class Receiver:
    """Answers with the statuses it is given, 200 afterwards, and keeps what it was sent."""

    def __init__(self, tls=None):
        self.answers = []
        self.received = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.headers, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_arguments):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def send(receiver, monkeypatch):
    """Send to the receiver, with variables of the standard's; the first wait is 10 ms."""
    monkeypatch.setattr(http_sender.random, "uniform", lambda *_: 0.01)
    return lambda timeout_s=5.0, **variables: _send(
        monkeypatch, f"http://{receiver.address}/v1/traces", timeout_s, variables
    )


def _send(monkeypatch, url, timeout_s, variables):
    for name, value in variables.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", str(value))
    sender = HttpSender(Destination("traces", url, timeout_s))
    try:
        return sender.send(BODY)
    finally:
        sender.stop()


def test_headers_of_the_environment_are_sent(send, receiver):
    """A signal's own variable wins over the general one; values are percent-encoded."""
    assert send(HEADERS="api-key=general", TRACES_HEADERS="api-key=s%20ecret,x-tenant=3") == ""
    ((headers, body),) = receiver.received
    assert (headers["api-key"], headers["x-tenant"]) == ("s ecret", "3")
    assert headers["Content-Type"] == "application/x-protobuf"
    assert headers["Content-Encoding"] is None
    assert body == BODY


def test_other_tools_trace_no_export(send, receiver, monkeypatch):
    """They wrap requests' own session: each export would be a trace of theirs."""
    sent = []
    monkeypatch.setattr(requests.Session, "send", lambda *_args, **_named: sent.append(1))
    assert send() == ""
    assert len(receiver.received) == 1
    assert not sent


@pytest.mark.parametrize(
    ("variable", "name", "decode"),
    [
        ("COMPRESSION", "gzip", gzip.decompress),
        ("TRACES_COMPRESSION", " Deflate ", zlib.decompress),
    ],
)
def test_the_body_is_compressed_as_asked(send, receiver, variable, name, decode):
    """And says so."""
    assert send(**{variable: name}) == ""
    ((headers, body),) = receiver.received
    assert headers["Content-Encoding"] == name.strip().lower()
    assert len(body) < len(BODY)
    assert decode(body) == BODY


def test_an_unknown_compression_is_none(send, receiver):
    """The body goes as it is."""
    assert send(COMPRESSION="brotli") == ""
    ((headers, body),) = receiver.received
    assert (headers["Content-Encoding"], body) == (None, BODY)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again(send, receiver, status):
    """Twice refused, then taken."""
    receiver.answers = [(status, {}), (status, {})]
    assert send() == ""
    assert [body for _, body in receiver.received] == [BODY] * 3


def test_an_answer_that_is_cut_off_is_asked_for_again(send, receiver):
    """A backend that is killed while it answers may not have stored what it received."""
    receiver.answers = [(200, {"Content-Length": "5", "Connection": "close"})]
    assert send() == ""
    assert len(receiver.received) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
def test_what_will_not_pass_is_tried_once(send, receiver, status):
    """The reason is the status."""
    receiver.answers = [(status, {})]
    assert send().startswith(f"it answers {status} ")
    assert len(receiver.received) == 1


def test_the_receiver_says_when_to_try_again(send, receiver):
    """Retry-After in seconds; a date or nonsense counts as none."""
    receiver.answers = [(503, {"Retry-After": "0.15"}), (503, {"Retry-After": "soon"})]
    began = time.monotonic()
    assert send() == ""
    assert time.monotonic() - began >= 0.15
    assert len(receiver.received) == 3


def test_a_wait_that_is_longer_than_the_timeout_is_not_begun(send, receiver):
    """The reason is that of the last try."""
    receiver.answers = [(503, {"Retry-After": "60"})]
    assert send(timeout_s=1.0).startswith("it answers 503")
    assert len(receiver.received) == 1


def test_stopping_ends_a_wait(receiver):
    """A process that ends does not wait for the next try, and sends nothing more."""
    receiver.answers = [(503, {"Retry-After": "50"})]
    sender = HttpSender(Destination("traces", f"http://{receiver.address}/v1/traces", 100.0))
    reasons = []
    thread = threading.Thread(target=lambda: reasons.append(sender.send(BODY)))
    thread.start()
    while not receiver.received:
        time.sleep(0.01)
    sender.stop()
    thread.join(10)
    assert reasons[0].startswith("it answers 503")
    assert sender.send(BODY) == "the process is ending"


def test_a_retry_without_the_time_for_it_hides_no_reason(monkeypatch):
    """What the try before it met says more than that the last one got no answer."""
    tries = iter([("no answer in time", 0.0), ("it answers 503", 0.0), ("no answer in time", None)])
    monkeypatch.setattr(HttpSender, "_post", lambda *_: next(tries))
    monkeypatch.setattr(http_sender.random, "uniform", lambda *_: 0.0)
    assert _send(monkeypatch, "http://127.0.0.1:9/v1/traces", 10.0, {}) == "it answers 503"
    assert next(tries, None) is None


def test_where_nothing_listens_the_reason_is_short(monkeypatch):
    """Not the text of an exception."""
    monkeypatch.setattr(http_sender.random, "uniform", lambda *_: 0.0)
    reason = _send(monkeypatch, "http://127.0.0.1:9/v1/traces", 10.0, {})
    assert reason == "nothing listens there (connection refused)"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject,
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(params=["server", "mutual"])
def tls_receiver(request, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if request.param == "mutual":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate[0])
    receiver = Receiver(context)
    receiver.is_mutual = request.param == "mutual"
    yield receiver
    receiver.close()


def test_tls_needs_the_certificates_that_the_environment_names(
    tls_receiver, certificate, monkeypatch
):
    """The server's authority, and the client's own certificate where the server asks for one."""
    monkeypatch.setattr(http_sender.random, "uniform", lambda *_: 10.0)  # no second try
    url = f"https://{tls_receiver.address}/v1/traces"
    assert "CERTIFICATE_VERIFY_FAILED" in _send(monkeypatch, url, 5.0, {})
    trusted = {"CERTIFICATE": certificate[0]}
    reason = _send(monkeypatch, url, 5.0, trusted)
    assert bool(reason) is tls_receiver.is_mutual
    own = {"CLIENT_CERTIFICATE": certificate[0], "CLIENT_KEY": certificate[1]}
    assert _send(monkeypatch, url, 5.0, trusted | own) == ""
