"""What a call in a thread is about: the name of its function, behind what wraps it.

asyncio, asgiref, Django and overlap.lean hand a thread something that calls something that calls
the user's function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import Context
from functools import partial
from operator import itemgetter
from typing import Any

from overlap.lens.ending_spans import in_ms

DEEPEST = 8
MOST_RECEIVERS = 3
MOST_FUNCTIONS = 8
"""The most functions that a span lists."""


def function_name(call: Any, args: tuple[Any, ...] = (), *, names_middleware: bool = False) -> str:
    """Return `app.views.smoke`, the dotted name of what `call(*args)` runs in the end.

    Sync receivers of a signal, which Django calls together, are `receivers a, b`.
    names_middleware: whether a sync middleware is `shop.middleware.Old (sync middleware)`.
    """
    for _ in range(DEEPEST):
        if isinstance(call, partial):
            call, args = call.func, (*call.args, *args)
        elif isinstance(getattr(call, "__self__", None), Context) and args:
            call, args = args[0], args[1:]
        elif getattr(call, "__name__", "") == "thread_handler" and args:
            call, args = args[-1], ()  # asgiref's: the last argument is the call itself
        elif args and callable(args[0]) and _module(call).startswith("overlap."):
            call, args = args[0], args[1:]
        elif names_middleware and (path := getattr(call, "overlap_middleware", None)):
            return f"{path} (sync middleware)"
        elif (inner := getattr(call, "__wrapped__", None)) is not None:
            call = inner
        else:
            break
    receivers = [*_receivers(call)]
    if receivers:
        more = f" and {len(receivers) - MOST_RECEIVERS} more" * (len(receivers) > MOST_RECEIVERS)
        return f"receivers {', '.join(receivers[:MOST_RECEIVERS])}{more}"
    return _dotted(call)


def functions_text(calls: Iterable[tuple[str, float]]) -> str:
    """Return functions and their seconds as THREAD_FUNCTIONS lists them, the longest first."""
    totals: dict[str, float] = {}  # a Counter takes five times longer
    for name, seconds in calls:
        totals[name] = totals.get(name, 0.0) + seconds
    longest = [*totals.items()]
    if len(longest) > 1:
        longest = sorted(longest, key=itemgetter(1), reverse=True)[:MOST_FUNCTIONS]
    return "\n".join([f"{in_ms(seconds):.3f} {name}" for name, seconds in longest])


def is_sensitive(call: Any, args: tuple[Any, ...]) -> bool:
    """Return whether asgiref runs a call on its request's one thread. overlap.lean wraps it."""
    for each in (call, *args[:1]):
        asker = getattr(getattr(each, "func", None), "__self__", None)
        if getattr(asker, "_thread_sensitive", False) is True:
            return True
    return False


def _receivers(call: Any) -> Iterator[str]:
    """Yield the names of the receivers that Django's Signal.asend calls in one thread."""
    code = getattr(call, "__code__", None)
    if code is None or code.co_name != "sync_send" or "sync_receivers" not in code.co_freevars:
        return
    cell = call.__closure__[code.co_freevars.index("sync_receivers")]
    for receiver in cell.cell_contents:
        yield _dotted(receiver)


def _dotted(call: Any) -> str:
    named = call if hasattr(call, "__qualname__") else type(call)
    module, name = _module(named), str(named.__qualname__)
    return name if module in ("", "builtins", "__main__") else f"{module}.{name}"


def _module(call: Any) -> str:
    return str(getattr(call, "__module__", None) or "")
