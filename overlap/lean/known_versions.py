"""Whether this Django and this asgiref are the ones we know from inside."""

from __future__ import annotations

import inspect
import re
from weakref import WeakKeyDictionary

import asgiref
import django

DJANGO = frozenset({"5.2", "6.0", "6.1"})
"""The series that the tests have run on."""
ASGIREF = frozenset({"3.9", "3.10", "3.11", "3.12", "3.13"})
"""The series that the tests have run on."""


def objection() -> str | None:
    """Why lean can't be switched on here, in a few words; None if it can."""
    for name, version, known in (
        ("Django", django.__version__, DJANGO),
        ("asgiref", asgiref.__version__, ASGIREF),
    ):
        if _series(version) not in known:
            listed = ", ".join(
                sorted(known, key=lambda series: [int(number) for number in series.split(".")])
            )
            return f"{name} is {version}, known are {listed}"
    return _missing()


def _series(version: str) -> str:
    return ".".join(re.findall(r"\d+", version)[:2])


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
