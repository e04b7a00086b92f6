"""The end of a request without a circle of references, which only the garbage collector ends.

Django listens for the client's going away in a task that ends with RequestAborted, as a rule
because the answer is out. The traceback of that error holds the handler's frame, the frame its
tasks, and a task the error: so request, response and all that hangs on them, some sixty
objects and with telemetry ninety, are freed by the collector only, a fifth of a busy process'
time. Here the task ends without the error, of which Django takes no notice in any case.

So it is up to Django 6.0. From 6.1 on the two tasks are a TaskGroup, which the error ends when
the client is gone: there it is needed, and nothing is changed here (see serving.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler


def part_cleanly() -> Callable[[], None]:
    """Let requests end so, where Django waits for tasks; gives back a function that undoes it.

    A handler with a `handle` of its own gets the error as before: it may make use of it.
    """
    if not _waits_for_tasks():
        return lambda: None
    stock: Any = ASGIHandler.listen_for_disconnect

    @wraps(stock)
    async def listen_for_disconnect(self: Any, receive: Any) -> None:
        try:
            await stock(self, receive)
        except RequestAborted:
            if type(self).handle is not ASGIHandler.handle:
                raise

    ours: Any = listen_for_disconnect
    setattr(ASGIHandler, "listen_for_disconnect", ours)  # noqa: B010  mypy allows no other way

    def undo() -> None:
        if ASGIHandler.listen_for_disconnect is ours:  # else someone has put theirs in its place
            setattr(ASGIHandler, "listen_for_disconnect", stock)  # noqa: B010

    return undo


def _waits_for_tasks() -> bool:
    # As `asyncio.wait(tasks, return_when=FIRST_COMPLETED)`, after which both are looked at.
    names = getattr(getattr(unwrap(ASGIHandler.handle), "__code__", None), "co_names", ())
    return {"wait", "FIRST_COMPLETED"}.issubset(names) and "TaskGroup" not in names
