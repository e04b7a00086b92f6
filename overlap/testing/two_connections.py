"""Queries of a test that run on another connection than the test's transaction.

Django's TestCase, and pytest-django's `db`, run a test in a transaction that is rolled back. It is
open on the connection of one thread; Django has a connection for each thread. Work that runs in
another thread (`asyncio.to_thread`, `sync_to_async(thread_sensitive=False)`, a pool, or an async
test whose event loop was started by another library) has another connection: it does not see what
the test has written, and what it writes stays in the database.

Django marks the transaction of a test (`_from_testcase`). Connections are known from the thread in
which the recording starts, and from each query during it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import ref

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.stack import culprit, is_users, lines

MOST = 20
"""The most places that are listed."""
_WHAT = "a query on another connection is not reported"


@dataclass(frozen=True, slots=True)
class _Use:
    """A connection outside the test's transaction, and where it was used."""

    alias: str
    thread: str
    place: str
    """`shop/views.py:14 in checkout`; empty if no line of the project led there."""


class TwoConnections:
    """Watches the connections of a process, from `start` on."""

    def __init__(self) -> None:
        self._tests: dict[str, tuple[ref[Any], str]] = {}
        """By alias: the connection in a test's transaction, and its thread."""
        self._uses: dict[_Use, None] = {}
        self._lock = threading.Lock()

    def start(self) -> Callable[[], None]:
        """Start to watch; return a function that ends it. In the test's thread."""
        from django.db import connections
        from django.db.backends.base.base import BaseDatabaseWrapper

        for connection in connections.all(initialized_only=True):
            guarded(_WHAT, self._note, connection)
        return replace_method(BaseDatabaseWrapper, "_cursor", self._cursor)

    def sentences(self) -> list[str]:
        """Return a sentence for each place that used another connection than the test's."""
        with self._lock:
            return [
                _sentence(use, self._tests[use.alias][1])
                for use in self._uses
                if use.alias in self._tests
            ][:MOST]

    def _cursor(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def cursor(connection: Any, *args: Any, **named: Any) -> Any:
            guarded(_WHAT, self._used, connection)
            return stock(connection, *args, **named)

        return cursor

    def _used(self, connection: Any) -> None:
        known = self._tests.get(connection.alias)
        if (known is not None and known[0]() is connection) or self._note(connection):
            return
        stack = lines(sys._getframe(2), None)
        line = culprit(stack)
        place = f"{line.path}:{line.number} in {line.function}" if is_users(line.file) else ""
        use = _Use(connection.alias, threading.current_thread().name, place)
        with self._lock:
            if len(self._uses) < MOST:
                self._uses[use] = None

    def _note(self, connection: Any) -> bool:
        """Note a connection that is in a test's transaction; return whether it is."""
        is_tests = any(getattr(one, "_from_testcase", False) for one in connection.atomic_blocks)
        if is_tests:
            self._tests[connection.alias] = (ref(connection), threading.current_thread().name)
        return is_tests


def _sentence(use: _Use, tests_thread: str) -> str:
    where = f"at {use.place}, " if use.place else ""
    return (
        f"{where}a query ran in the thread {use.thread} on another connection to {use.alias!r} "
        f"than the test's transaction, which is that of {tests_thread}: it does not see what the "
        "test has written, and what it writes is not rolled back. Call it by sync_to_async, which "
        "is thread-sensitive unless told otherwise, or use TransactionTestCase (with "
        "pytest-django, django_db(transaction=True))"
    )
