"""A method of one event loop, replaced on the loop itself: its class and other loops stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


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
