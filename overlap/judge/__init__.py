"""A trace in, its shape and figures out: pure functions, no I/O."""

from overlap.judge.judging import verdict
from overlap.judge.model import (
    SHAPES,
    Background,
    Blocked,
    Group,
    Offloaded,
    Requests,
    Verdict,
    Why,
)

__all__ = [
    "SHAPES",
    "Background",
    "Blocked",
    "Group",
    "Offloaded",
    "Requests",
    "Verdict",
    "Why",
    "verdict",
]
