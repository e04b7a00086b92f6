"""The end of a request without a circle of references, which only the garbage collector ends.

Django listens for the client's going away in a task that ends with RequestAborted, as a rule
because the answer is out. The traceback of that error holds the handler's frame, the frame its
tasks, and a task the error: so request, response and all that hangs on them, some sixty
objects and with telemetry ninety, are freed by the collector only, a fifth of a busy process'
time. Here the task ends without the error, of which Django takes no notice in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler


def part_cleanly() -> Callable[[], None]:
    """Let requests end so; gives back a function that undoes it.

    A handler with a `handle` of its own gets the error as before: it may make use of it.
    """
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
