"""The rectangle that rows and lanes are drawn from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a row; `x` and `width` in per cent."""

    kind: str
    x: str
    width: str
