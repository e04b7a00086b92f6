"""`response.close()` on the event loop, where nothing in it can block."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async as stock
from django.core.handlers.asgi import ASGIRequest
from django.http.request import HttpRequest
from django.http.response import HttpResponseBase

from overlap.lean.signal_receivers import can_finish_on_loop
from overlap.lean.thread_context import current_lease


def sync_to_async(func: Any = None, *arguments: Any, **options: Any) -> Any:
    """Replace asgiref's in Django's ASGI handler: `sync_to_async(response.close)()`."""
    if (
        getattr(func, "__func__", None) is not HttpResponseBase.close
        or arguments
        or options
        or (lease := current_lease()) is None
    ):
        return stock(func, *arguments, **options)
    response = func.__self__
    if not lease.idle or not _can_close_on_loop(response):
        return stock(lease.with_reset(func))

    async def close() -> None:
        response.close()

    return close


def _can_close_on_loop(response: Any) -> bool:
    return all(map(_cannot_block, response._resource_closers)) and can_finish_on_loop(
        response._handler_class
    )


def _cannot_block(closer: Any) -> bool:
    # The closer of a request without uploads: it closes the body, which Django does on the loop
    # anyway. A file of the project or a stream's iterator might block.
    if getattr(closer, "__func__", None) not in (ASGIRequest.close, HttpRequest.close):
        return False
    return not getattr(closer.__self__, "_files", None)
