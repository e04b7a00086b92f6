"""Django 6.1's way through a request, without what it makes anew for each.

From 6.1 on Django serves a request inside a TaskGroup, beside a task that listens for the
client's going away, and leaves the group by raising an exception whose class it makes on the
spot. A class, a group of exceptions and their sorting out cost as much as the middleware of a
view that does nothing, and the class is a circle, which only the garbage collector ends. Here
the listening is a context of its own, which does as the TaskGroup does with one task.
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

from overlap.lean.known_versions import objection

KNOWN = frozenset({"c91f27c7fcdc3fff"})
"""Digests of the source of those `handle`s that ours stands for."""


class Listening:
    """While it is open, the client's going away cancels what is inside, as TaskGroup would.

    Source: the rules of asyncio.TaskGroup, for one task whose RequestAborted is no error.
    """

    __slots__ = ("_asked", "_cancelled", "_left", "_serving", "_task")

    def __init__(self, listen: Coroutine[Any, Any, None]) -> None:
        self._serving: Any = asyncio.current_task()
        self._cancelled = self._left = False
        self._task = asyncio.get_running_loop().create_task(listen)

    async def __aenter__(self) -> None:
        self._task.add_done_callback(self._heard)

    def _heard(self, task: asyncio.Task[None]) -> None:
        if not self._left and not task.cancelled() and task.exception() is not None:
            self._cancelled = True
            self._serving.cancel()

    async def __aexit__(
        self, _kind: object, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        self._left = True
        serving = self._serving
        interrupted = isinstance(error, asyncio.CancelledError)
        if not self._task.done():
            self._task.cancel()
            interrupted |= await self._ended()
        heard = None if self._task.cancelled() else self._task.exception()
        is_gone = isinstance(heard, RequestAborted)
        if is_gone:
            heard = None
        if self._cancelled and serving.uncancel() == 0:
            interrupted = False  # it was us
        failed = None if isinstance(error, asyncio.CancelledError) else error
        if interrupted and not (heard or failed or is_gone):
            if error is None:
                raise asyncio.CancelledError
            return False
        if serving.cancelling():  # from outside: to be heard of at the next await
            serving.uncancel()
            serving.cancel()
        if heard is None:
            return failed is None
        if failed is None:
            raise heard
        raise BaseExceptionGroup("unhandled errors in a request", [heard, failed])

    async def _ended(self) -> bool:
        """Wait for the end of the listening; whether somebody cancelled the waiting."""
        before = self._serving.cancelling()
        while not self._task.done():
            try:
                await self._task
            except asyncio.CancelledError:
                continue
            except BaseException:  # it is asked for below
                break
        return bool(self._serving.cancelling() > before)


async def handle(self: Any, scope: Any, receive: Any, send: Any) -> None:
    """Stand for ASGIHandler.handle, step by step."""
    try:
        body = await self.read_body(receive)
    except RequestAborted:
        return
    names: Any = asgi  # where lean has put its own
    with closing(body):
        names.set_script_prefix(names.get_script_prefix(scope))
        await names.signals.request_started.asend(sender=self.__class__, scope=scope)
        request, answer = self.create_request(scope, body)
        if request is None:
            body.close()
            await self.send_response(answer, send)
            await names.sync_to_async(answer.close)()
            return
        response = None
        async with Listening(self.listen_for_disconnect(receive)):
            response = await self.run_get_response(request)
            await self.send_response(response, send)
        if response is None:
            await names.signals.request_finished.asend(sender=self.__class__)
        else:
            await names.sync_to_async(response.close)()


def serve_lightly() -> Callable[[], None]:
    """Serve so, where Django's `handle` is one of those known; gives back what undoes it."""
    stock: Any = asgi.ASGIHandler.handle
    if objection() is not None or digest(stock) not in KNOWN:
        return lambda: None
    ours: Any = handle
    setattr(asgi.ASGIHandler, "handle", ours)  # noqa: B010  mypy allows no other way

    def undo() -> None:
        if asgi.ASGIHandler.handle is ours:  # else someone has put theirs around it
            setattr(asgi.ASGIHandler, "handle", stock)  # noqa: B010

    return undo


def digest(function: Any) -> str:
    """Of a function's source; none of one that somebody has wrapped, or whose source is gone."""
    if hasattr(function, "__wrapped__"):
        return ""
    try:
        return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""
