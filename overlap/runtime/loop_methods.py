"""Replace methods of one event loop, on the loop itself: its class and other loops stay.

`replaced` replaces one method; `MethodReplacements` several, on and off as needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

Make = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes the replacement of a method."""


def replaced(
    loop: asyncio.AbstractEventLoop, name: str, ours: Callable[..., Any]
) -> Callable[[], None]:
    """Replace the method `name` of `loop` with `ours`; return a function that undoes it.

    Raises AttributeError if the loop takes no attributes.
    """
    setattr(loop, name, ours)

    def undo() -> None:
        if vars(loop).get(name) is ours:  # otherwise another library has replaced it
            delattr(loop, name)

    return undo


class MethodReplacements:
    """Installs and removes replacements. Not safe from two threads at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, makes: Mapping[str, Make]) -> None:
        self._loop = loop
        self._makes = makes
        self._ours: dict[str, tuple[Callable[..., Any], Any]] = {}
        """The installed replacements, each with the attribute that the loop had before."""

    @property
    def is_on(self) -> bool:
        """Whether at least one is installed."""
        return bool(self._ours)

    def on(self) -> None:
        """Install those that are not. Raises AttributeError if the loop takes no attributes."""
        for name, make in self._makes.items():
            if name not in self._ours:
                before = vars(self._loop).get(name)
                ours = make(getattr(self._loop, name))
                setattr(self._loop, name, ours)
                self._ours[name] = (ours, before)

    def off(self) -> None:
        """Remove those that are installed, unless another library has wrapped them."""
        for name, (ours, before) in [*self._ours.items()]:
            if vars(self._loop).get(name) is not ours:
                continue
            if before is None:
                delattr(self._loop, name)
            else:
                setattr(self._loop, name, before)
            del self._ours[name]
