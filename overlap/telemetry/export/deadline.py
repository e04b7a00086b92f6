"""A deadline for a whole export: requests' own time-out starts anew with each byte that arrives.

A backend that sends one byte a second would otherwise hold an exporter for hours.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class DeadlineAdapter(HTTPAdapter):
    """Remembers its connections, so that they can be ended from another thread."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.connections: WeakSet[HTTPConnection] = WeakSet()
        remembered = self.connections

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                remembered.add(self)

        class Encrypted(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                remembered.add(self)

        plain = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        encrypted = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": Encrypted})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": encrypted}

    def end_connections(self) -> None:
        """Shut every connection down: who reads from it gets an error."""
        for connection in [*self.connections]:
            sock = connection.sock
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def end_at_deadline(session: requests.Session, timeout_s: float) -> Iterator[None]:
    """End the session's connections if the block takes longer. Raise TimeoutError then."""
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        for adapter in session.adapters.values():
            if isinstance(adapter, DeadlineAdapter):
                adapter.end_connections()

    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_late.is_set():
            raise requests.Timeout("timed out") from error
        raise
    finally:
        timer.cancel()
        timer.join()  # or its thread would still be there after shutdown()
    if is_late.is_set():
        raise requests.Timeout("timed out")
