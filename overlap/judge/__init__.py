"""A trace in, its shape and figures out: pure functions, no I/O."""

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
from overlap.judge.trace_verdict import verdict

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
