"""Overlap shows whether async Django code really overlaps.

The public surface is the four names below; everything else may move. They are
imported on first use, so that `import overlap` costs nothing and
`overlap.verdict` works where Django is not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.instrument import instrument, shutdown, spawn
    from overlap.judge import verdict

__all__ = ["instrument", "shutdown", "spawn", "verdict"]

__version__ = "0.1.0"

_HOMES = {
    "instrument": "overlap.instrument",
    "shutdown": "overlap.instrument",
    "spawn": "overlap.instrument",
    "verdict": "overlap.judge",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overlap' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    # `overlap.instrument` is a package too: bind the function over it, once.
    globals()[name] = value
    return value
