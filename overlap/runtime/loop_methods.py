"""Methods of one event loop, replaced on the loop itself: its class and other loops stay.

`replaced` replaces one for good; `Worn` several, while there is something to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

Make = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes ours of what is there."""


def replaced(
    loop: asyncio.AbstractEventLoop, name: str, ours: Callable[..., Any]
) -> Callable[[], None]:
    """Let `loop` have `ours` as its method `name`; gives back a function that undoes it.

    Raises AttributeError where the loop, one of another making, takes no attributes.
    """
    setattr(loop, name, ours)

    def undo() -> None:
        if vars(loop).get(name) is ours:  # else someone has put theirs in its place
            delattr(loop, name)

    return undo


class Worn:
    """Puts ours on and takes them off. Not safe to use from two threads at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, makes: Mapping[str, Make]) -> None:
        self._loop = loop
        self._makes = makes
        self._ours: dict[str, tuple[Callable[..., Any], Any]] = {}
        """Those that are on, each with what the loop itself had in its place."""

    @property
    def is_on(self) -> bool:
        """Whether at least one of them is on."""
        return bool(self._ours)

    def on(self) -> None:
        """Put on what is off. Raises AttributeError where the loop takes no attributes."""
        for name, make in self._makes.items():
            if name not in self._ours:
                before = vars(self._loop).get(name)
                ours = make(getattr(self._loop, name))
                setattr(self._loop, name, ours)
                self._ours[name] = (ours, before)

    def off(self) -> None:
        """Take off what is on, unless someone has put theirs around it."""
        for name, (ours, before) in [*self._ours.items()]:
            if vars(self._loop).get(name) is not ours:
                continue
            if before is None:
                delattr(self._loop, name)
            else:
                setattr(self._loop, name, before)
            del self._ours[name]
