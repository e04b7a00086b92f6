"""Replace a method of a class, and undo it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def replace_method(
    owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Replace the method `name` of a class with `make(it)`; return a function that undoes it.

    `it` is what the class defines, which may be a descriptor, or else what it inherits. A class
    that inherits the method gets one of its own, until that is undone.
    """
    own = vars(owner).get(name)
    stock = getattr(owner, name) if own is None else own
    ours = wraps(stock)(make(stock))
    setattr(owner, name, ours)

    def undo() -> None:
        if vars(owner).get(name) is not ours:
            return  # another library has wrapped it
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)

    return undo
