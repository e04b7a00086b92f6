"""What a suspended task waits for: read from the functions in its chain of awaits."""

from __future__ import annotations

from collections.abc import Iterable
from types import FrameType
from typing import Any, NamedTuple

from overlap import names
from overlap.names.awaited_functions import NOT_A_WAIT, Function, function_of
from overlap.runtime.identity_cache import CodeCache

RECORDED_ALONE = frozenset(
    {
        names.WAIT_FOR_LOCK,
        names.WAIT_FOR_SEMAPHORE,
        names.WAIT_FOR_POOL,
        names.WAIT_FOR_LIMITER,
        names.WAIT_FOR_DNS,
    }
)
"""Recorded though no line of the user's code waits. Events and queues of a library are its own
affair: in its own task, such a wait is idleness; below the user's code, mostly the network."""


class Place(NamedTuple):
    """One function in a chain of awaits."""

    name: str
    """Its qualified name."""
    function: Function
    """What it awaits."""


def _make_place(module: str, name: str) -> Place:
    return Place(name, function_of(module, name))


_places: CodeCache[dict[str, Place]] = CodeCache(lambda _: {})
"""By code and module."""


def place_of(coroutine: Any, frame: FrameType | None) -> Place:
    """Return the place of a coroutine, generator or asynchronous generator, with its frame."""
    if frame is not None and (module := frame.f_globals.get("__name__")):
        places = _places(frame.f_code)
        if (found := places.get(module)) is None:
            found = places[module] = _make_place(module, frame.f_code.co_qualname)
        return found
    return _make_place("", getattr(coroutine, "__qualname__", ""))


def kind_of(places: Iterable[Place]) -> tuple[str, str]:
    """Return the kind of a wait and the function that waited, `Queue.get`; NOT_A_WAIT if none.

    places: the chain of awaits, innermost first.
    """
    found = (NOT_A_WAIT, "")
    for name, (_, primitive, whole, pool, _, _) in places:
        if found[0] and pool is not None:
            return names.WAIT_FOR_POOL, pool
        if whole is not None:
            return whole, name
        if not found[0] and primitive is not None:
            found = primitive, name
    return found
