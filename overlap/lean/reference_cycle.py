"""Remove the reference cycle in which stock Django (up to 6.0) leaves every request.

Django listens for the client's disconnect in a task that ends with RequestAborted, usually
because the response is complete. The error's traceback references the handler's frame, the frame
its tasks, and a task the error. So the request, the response and all they reference, about
sixty objects and with telemetry ninety, are freed by the garbage collector only, which takes a
fifth of a busy process's time. Here the task ends without the error, which Django ignores anyway.

Since 6.1 the two tasks are a TaskGroup, which the error ends when the client disconnects: there
it is needed, and nothing is changed here (see asgi_handler.py).

Source: django/core/handlers/asgi.py, `ASGIHandler.handle` and `listen_for_disconnect`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler


def avoid_reference_cycle() -> Callable[[], None]:
    """Suppress the error where Django waits for two tasks. Return a function that undoes it.

    A subclass with its own `handle` still gets the error: it may depend on it.
    """
    if not _waits_for_tasks():
        return lambda: None
    stock: Any = ASGIHandler.listen_for_disconnect
    # Another coroutine in each request costs more than what overlap.instrument notes in it.
    on_disconnect: Callable[[], None] = getattr(stock, "on_disconnect", _nothing)
    inner = stock.__wrapped__ if on_disconnect is not _nothing else stock

    @wraps(stock)
    async def listen_for_disconnect(self: Any, receive: Any) -> None:
        try:
            await inner(self, receive)
        except RequestAborted:
            on_disconnect()
            if type(self).handle is not ASGIHandler.handle:
                raise

    ours: Any = listen_for_disconnect
    setattr(ASGIHandler, "listen_for_disconnect", ours)  # noqa: B010  mypy accepts no assignment

    def undo() -> None:
        if ASGIHandler.listen_for_disconnect is ours:  # otherwise someone has replaced it
            setattr(ASGIHandler, "listen_for_disconnect", stock)  # noqa: B010

    return undo


def _nothing() -> None:
    pass


def _waits_for_tasks() -> bool:
    # By `asyncio.wait(tasks, return_when=FIRST_COMPLETED)`, after which it checks both.
    names = getattr(getattr(unwrap(ASGIHandler.handle), "__code__", None), "co_names", ())
    return {"wait", "FIRST_COMPLETED"}.issubset(names) and "TaskGroup" not in names
