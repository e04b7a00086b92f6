"""`request_started` and `request_finished` without a thread for Django's own receivers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import Any

from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.dispatch import Signal, dispatcher
from django.utils.module_loading import import_string

from overlap.lean.thread_context import current_lease
from overlap.runtime.identity_cache import IdentityCache

Receiver = Callable[..., Any]
Responses = list[tuple[Receiver, Any]]

_AT_START = frozenset({reset_queries, close_old_connections})
_AT_END = frozenset({close_old_connections, close_caches, reset_urlconf})
# How Django's own asend calls async receivers; Django 5.2 gathers them.
_run_parallel: Callable[..., Any] = getattr(dispatcher, "_run_parallel", asyncio.gather)


class RequestStarted:
    """Replaces request_started in Django's ASGI handler."""

    async def asend(self, sender: Any, **named: Any) -> Responses:
        """Send the signal. Django's own receivers run when the request takes a thread."""
        lease = current_lease()
        sync, asynchronous = request_started._live_receivers(sender)
        if lease is None or lease.taken or not _AT_START.issuperset(sync):
            responses: Responses = await request_started.asend(sender, **named)
            return responses
        if sync:
            context = copy_context()
            lease.prepare(
                lambda: context.run(_call, request_started, sync, sender, named),
            )
        return await _call_async(request_started, asynchronous, sender, named)


class RequestFinished:
    """Replaces request_finished in Django's ASGI handler, which sends it after a cancellation."""

    async def asend(self, sender: Any, **named: Any) -> Responses:
        """Send the signal. Django's own receivers run on the loop if the thread is idle."""
        lease = current_lease()
        sync, asynchronous = request_finished._live_receivers(sender)
        if lease is None or not lease.idle or not _only_djangos(sync):
            responses: Responses = await request_finished.asend(sender, **named)
            return responses
        _call(request_finished, sync, sender, named)
        return await _call_async(request_finished, asynchronous, sender, named)


def can_finish_on_loop(sender: Any) -> bool:
    """Return whether request_finished can be sent on the loop: only Django has receivers."""
    sync, asynchronous = request_finished._live_receivers(sender)
    # Async receivers are called through async_to_sync, which fails in the loop's thread.
    return not asynchronous and _only_djangos(sync)


def _only_djangos(receivers: list[Receiver]) -> bool:
    return (
        _AT_END.issuperset(receivers)
        and (_close_at_once(caches.settings) or _initialized_close_at_once())
        # With it the loop's thread may have connections, in use by other requests.
        and not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    )


def _all_close_at_once(configured: Mapping[str, Mapping[str, Any]]) -> bool:
    paths = [str(options.get("BACKEND", "")) for options in configured.values()]
    # Only Django's: to import another would import a client that may never be used.
    if not all(path.startswith("django.core.cache.") for path in paths):
        return False
    return all(import_string(path).close is BaseCache.close for path in paths)


_close_at_once = IdentityCache(_all_close_at_once)
"""Whether no cache of CACHES has a close() that may block on its server, by the setting."""


def _initialized_close_at_once() -> bool:
    return all(type(c).close is BaseCache.close for c in caches.all(initialized_only=True))


def _call(signal: Signal, receivers: list[Receiver], sender: Any, named: dict[str, Any]) -> None:
    for receiver in receivers:
        receiver(signal=signal, sender=sender, **named)


async def _call_async(
    signal: Signal, receivers: list[Receiver], sender: Any, named: dict[str, Any]
) -> Responses:
    if not receivers:
        return []
    calls = (receiver(signal=signal, sender=sender, **named) for receiver in receivers)
    return list(zip(receivers, await _run_parallel(*calls), strict=True))
