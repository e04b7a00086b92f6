"""The versions of Django and asgiref that lean supports, and a check of their internals."""

from __future__ import annotations

import inspect
import re
from weakref import WeakKeyDictionary

import asgiref
import django

DJANGO = frozenset({"5.2", "6.0", "6.1"})
"""The series on which the tests pass."""
ASGIREF = frozenset({"3.9", "3.10", "3.11", "3.12", "3.13"})
"""The series on which the tests pass."""


def unsupported_reason() -> str | None:
    """Return why lean can't be installed here, in a few words; None if it can."""
    for name, version, supported in (
        ("Django", django.__version__, DJANGO),
        ("asgiref", asgiref.__version__, ASGIREF),
    ):
        if _series(version) not in supported:
            listed = ", ".join(
                sorted(supported, key=lambda series: [int(number) for number in series.split(".")])
            )
            return f"{name} is {version}, supported are {listed}"
    return _unexpected_internals()


def _series(version: str) -> str:
    return ".".join(re.findall(r"\d+", version)[:2])


def _unexpected_internals() -> str | None:
    from asgiref import sync
    from django.core import signals
    from django.core.handlers import asgi, base
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.dispatch import Signal

    table = getattr(sync.SyncToAsync, "context_to_thread_executor", None)
    handle = getattr(inspect.unwrap(asgi.ASGIHandler.handle), "__code__", None)
    names = set(getattr(handle, "co_names", ()))
    facts = {
        "asgiref keeps a thread for each context": isinstance(table, WeakKeyDictionary),
        "asgiref's context is a variable": hasattr(sync.SyncToAsync, "thread_sensitive_context"),
        "a context has a token": hasattr(sync.ThreadSensitiveContext(), "token"),
        "AsyncToSync.executors exists": hasattr(sync.AsyncToSync, "executors"),
        "Django's handler is not patched": (
            vars(asgi).get("ThreadSensitiveContext") is sync.ThreadSensitiveContext
            and vars(asgi).get("sync_to_async") is sync.sync_to_async
            and vars(asgi).get("signals") is signals
        ),
        "Django's handler sends its signals and closes responses": names.issuperset(
            {"signals", "request_started", "request_finished", "asend", "sync_to_async", "close"}
        ),
        "Django has reset_urlconf": hasattr(base, "reset_urlconf"),
        "signals list their receivers": hasattr(Signal, "_live_receivers"),
        "connections can be checked for age": hasattr(
            BaseDatabaseWrapper, "close_if_unusable_or_obsolete"
        ),
    }
    return next((f"not as expected: {fact}" for fact, is_so in facts.items() if not is_so), None)
