"""Backends in trouble: each is a TCP server that does one thing wrong, until it is mended."""

import re
import socket
import threading
from contextlib import suppress

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

_REJECTED = ExportTraceServiceResponse()
_REJECTED.partial_success.rejected_spans = 1
_REJECTED.partial_success.error_message = "too old"


def _answer(head: str, body: bytes = b"") -> bytes:
    lines = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return lines.encode() + body


_ANSWERS = {
    "500": _answer("500 Internal Server Error"),
    "429": _answer("429 Too Many Requests\r\nRetry-After: 1"),
    "garbage": b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n" * 40,
    "large": _answer("200 OK", b"x" * 20_000_000),
    "rejects": _answer(
        "200 OK\r\nContent-Type: application/x-protobuf", _REJECTED.SerializeToString()
    ),
}


class Backend:
    """Listens, reads each export, and does to it what `fault` names. Counts what it was sent."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.exports = 0
        self.followed = 0
        """Requests that arrived at where it redirects to."""
        self._stopped = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = self._read(client)
            if b" /elsewhere" in head:
                self.followed += 1
                client.sendall(_answer("200 OK"))
                return
            self.exports += 1
            match self.fault:
                case "hangs":
                    self._stopped.wait()
                case "resets":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                case "drips":
                    for byte in _answer("200 OK", b"x" * 500):
                        client.sendall(bytes((byte,)))
                        if self._stopped.wait(0.1):
                            return
                case "redirects":
                    place = f"{self.url}/elsewhere"
                    client.sendall(_answer(f"302 Found\r\nLocation: {place}"))
                case fault:
                    client.sendall(_ANSWERS[fault])

    @staticmethod
    def _read(client: socket.socket) -> bytes:
        client.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := client.recv(65536)):
                return head
            head += part
        head, _, body = head.partition(b"\r\n\r\n")
        lengths = re.findall(rb"content-length: *(\d+)", head.lower())
        length = int(lengths[0]) if lengths else 0
        while len(body) < length and (part := client.recv(65536)):
            body += part
        return head


def dead_endpoint() -> str:
    """Return an address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
