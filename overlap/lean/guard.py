"""Whether this Django and this asgiref are the ones we know from inside."""

from __future__ import annotations

import inspect
from weakref import WeakKeyDictionary

import asgiref
import django

Version = tuple[int, int]

DJANGO: tuple[Version, Version] = ((5, 2), (6, 1))
"""The first and the last series that the tests have run on."""
ASGIREF: tuple[Version, Version] = ((3, 9), (3, 13))
"""The first and the last series that the tests have run on."""


def objection() -> str | None:
    """Why lean can't be switched on here, in a few words; None if it can."""
    for name, version, (first, last) in (
        ("Django", django.__version__, DJANGO),
        ("asgiref", asgiref.__version__, ASGIREF),
    ):
        if not first <= _series(version) <= last:
            known = " to ".join(f"{major}.{minor}" for major, minor in (first, last))
            return f"{name} is {version}, known are {known}"
    return _missing()


def _series(version: str) -> Version:
    major, minor, *_ = [*version.split("."), "0"]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


def _missing() -> str | None:
    from asgiref import sync
    from django.core import signals
    from django.core.handlers import asgi, base
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.dispatch import Signal

    table = getattr(sync.SyncToAsync, "context_to_thread_executor", None)
    handle = getattr(inspect.unwrap(asgi.ASGIHandler.handle), "__code__", None)
    names = set(getattr(handle, "co_names", ()))
    facts = {
        "asgiref keeps a thread a context": isinstance(table, WeakKeyDictionary),
        "asgiref's context is a variable": hasattr(sync.SyncToAsync, "thread_sensitive_context"),
        "a context has a token": hasattr(sync.ThreadSensitiveContext(), "token"),
        "sync callers are known": hasattr(sync.AsyncToSync, "executors"),
        "Django's handler is untouched": (
            vars(asgi).get("ThreadSensitiveContext") is sync.ThreadSensitiveContext
            and vars(asgi).get("sync_to_async") is sync.sync_to_async
            and vars(asgi).get("signals") is signals
        ),
        "Django's handler sends signals and closes": names.issuperset(
            {"signals", "request_started", "request_finished", "asend", "sync_to_async", "close"}
        ),
        "Django resets its URLconf": hasattr(base, "reset_urlconf"),
        "signals tell their receivers": hasattr(Signal, "_live_receivers"),
        "connections can be told old": hasattr(
            BaseDatabaseWrapper, "close_if_unusable_or_obsolete"
        ),
    }
    return next((f"not as expected: {fact}" for fact, is_so in facts.items() if not is_so), None)
