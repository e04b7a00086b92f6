"""A project that calls overlap.instrument() itself: no span leaves the process meanwhile."""

import os
import socket
import threading

import pytest
from django.test import AsyncClient

GOT = []


@pytest.fixture(scope="session", autouse=True)
def application():
    """Where its telemetry would go: a socket that answers nobody, and hears everything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = "600000"

        def hear():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    GOT.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=hear, daemon=True).start()
        from shopsite.instrumented import application

        yield application
        import overlap

        overlap.shutdown()
        server.shutdown(socket.SHUT_RDWR)


async def test_recorded(traced):
    await AsyncClient().get("/checkout/")
    assert traced.shape == "concurrent"
    assert traced.trace.spans[0].service == "shop"


async def test_recorded_again(traced):
    await AsyncClient().get("/burn/")
    assert traced.blocked
    assert not [request for request in GOT if b"/v1/traces" in request]
