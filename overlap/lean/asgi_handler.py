"""Django 6.1's `ASGIHandler.handle`, without the exception class it creates for each request.

Since 6.1 Django serves a request inside a TaskGroup, next to a task that listens for the client's
disconnect, and leaves the group by raising an exception whose class it creates on the spot.
The class, the exception group and its splitting cost as much as the middleware of an empty view,
and the class is a reference cycle, which only the garbage collector frees. Here the listener is
a context manager that behaves as the TaskGroup does with one task.

Source: django/core/handlers/asgi.py (6.1) and Lib/asyncio/taskgroups.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Callable, Coroutine
from contextlib import closing
from types import TracebackType
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers import asgi

from overlap.lean.supported_versions import unsupported_reason

KNOWN = frozenset({"c91f27c7fcdc3fff"})
"""Digests of the source of each stock `handle` that ours can replace."""


class DisconnectListener:
    """Cancel the body of the `async with` when the client disconnects, as a TaskGroup would.

    Source: the rules of asyncio.TaskGroup, for one task whose RequestAborted is not an error.
    """

    __slots__ = ("_cancelled_by_us", "_exiting", "_serving", "_task")

    def __init__(self, listen: Coroutine[Any, Any, None]) -> None:
        self._serving: Any = asyncio.current_task()
        self._cancelled_by_us = self._exiting = False
        self._task = asyncio.get_running_loop().create_task(listen)

    async def __aenter__(self) -> None:
        self._task.add_done_callback(self._on_listener_done)

    def _on_listener_done(self, task: asyncio.Task[None]) -> None:
        if not self._exiting and not task.cancelled() and task.exception() is not None:
            self._cancelled_by_us = True
            self._serving.cancel()

    async def __aexit__(
        self, _kind: object, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        self._exiting = True
        serving = self._serving
        was_cancelled = isinstance(error, asyncio.CancelledError)
        if not self._task.done():
            self._task.cancel()
            was_cancelled |= await self._wait_for_listener()
        listener_error = None if self._task.cancelled() else self._task.exception()
        is_disconnected = isinstance(listener_error, RequestAborted)
        if is_disconnected:
            listener_error = None
        if self._cancelled_by_us and serving.uncancel() == 0:
            was_cancelled = False  # the cancellation was ours
        failed = None if isinstance(error, asyncio.CancelledError) else error
        if was_cancelled and not (listener_error or failed or is_disconnected):
            if error is None:
                raise asyncio.CancelledError
            return False
        if serving.cancelling():  # by somebody else: raised at the next await
            serving.uncancel()
            serving.cancel()
        if listener_error is None:
            return failed is None
        if failed is None:
            raise listener_error
        raise BaseExceptionGroup("unhandled errors in a request", [listener_error, failed])

    async def _wait_for_listener(self) -> bool:
        """Wait until the listener has ended. Return whether somebody cancelled us meanwhile."""
        before = self._serving.cancelling()
        while not self._task.done():
            try:
                await self._task
            except asyncio.CancelledError:
                continue
            except BaseException:  # the caller reads it from the task
                break
        return bool(self._serving.cancelling() > before)


async def handle(self: Any, scope: Any, receive: Any, send: Any) -> None:
    """Replace ASGIHandler.handle, step by step."""
    try:
        body = await self.read_body(receive)
    except RequestAborted:
        return
    names: Any = asgi  # the module in which `install` has replaced names
    with closing(body):
        names.set_script_prefix(names.get_script_prefix(scope))
        await names.signals.request_started.asend(sender=self.__class__, scope=scope)
        request, error_response = self.create_request(scope, body)
        if request is None:
            body.close()
            await self.send_response(error_response, send)
            await names.sync_to_async(error_response.close)()
            return
        response = None
        async with DisconnectListener(self.listen_for_disconnect(receive)):
            response = await self.run_get_response(request)
            await self.send_response(response, send)
        if response is None:
            await names.signals.request_finished.asend(sender=self.__class__)
        else:
            await names.sync_to_async(response.close)()


def replace_handler() -> Callable[[], None]:
    """Install `handle` if Django's is one we know. Return a function that restores Django's."""
    stock: Any = asgi.ASGIHandler.handle
    if unsupported_reason() is not None or digest(stock) not in KNOWN:
        return lambda: None
    ours: Any = handle
    setattr(asgi.ASGIHandler, "handle", ours)  # noqa: B010  mypy accepts no assignment

    def undo() -> None:
        if asgi.ASGIHandler.handle is ours:  # otherwise someone has wrapped it
            setattr(asgi.ASGIHandler, "handle", stock)  # noqa: B010

    return undo


def digest(function: Any) -> str:
    """Return the digest of a function's source; "" if it is wrapped or has no source."""
    if hasattr(function, "__wrapped__"):
        return ""
    try:
        return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""
