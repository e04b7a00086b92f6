"""`request_started` and `request_finished` without a thread for Django's own receivers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.dispatch import Signal, dispatcher

from overlap.lean.thread_context import current_lease

Receiver = Callable[..., Any]
Responses = list[tuple[Receiver, Any]]

_AT_START = frozenset({reset_queries, close_old_connections})
_AT_END = frozenset({close_old_connections, close_caches, reset_urlconf})
# What Django's own asend calls async receivers with; Django 5.2 gathers them.
_run_parallel: Callable[..., Any] = getattr(dispatcher, "_run_parallel", asyncio.gather)


class Started:
    """Stands for request_started in Django's ASGI handler."""

    async def asend(self, sender: Any, **named: Any) -> Responses:
        """Send the signal; Django's own receivers run when the request takes a thread."""
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


class Finished:
    """Stands for request_finished in Django's ASGI handler, which sends it after a cancel."""

    async def asend(self, sender: Any, **named: Any) -> Responses:
        """Send the signal; Django's own receivers run here where no thread holds anything."""
        lease = current_lease()
        sync, asynchronous = request_finished._live_receivers(sender)
        if lease is None or not lease.at_rest or not _is_harmless(sync):
            responses: Responses = await request_finished.asend(sender, **named)
            return responses
        _call(request_finished, sync, sender, named)
        return await _call_async(request_finished, asynchronous, sender, named)


def can_finish_here(sender: Any) -> bool:
    """Whether request_finished can be sent on the event loop: nobody listens but Django."""
    sync, asynchronous = request_finished._live_receivers(sender)
    # Async ones are called through async_to_sync there, which a loop's thread can't.
    return not asynchronous and _is_harmless(sync)


def _is_harmless(receivers: list[Receiver]) -> bool:
    return (
        _AT_END.issuperset(receivers)
        # A cache may say goodbye to its server in close(), and wait.
        and all(type(c).close is BaseCache.close for c in caches.all(initialized_only=True))
        # With it, connections may live on the loop, in use by other requests.
        and not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    )


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
