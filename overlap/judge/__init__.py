"""A trace in, its shape and figures out: pure functions, no I/O."""

from overlap.judge.model import (
    SHAPES,
    Advice,
    Background,
    Blocked,
    Group,
    Offloaded,
    PathSegment,
    QueuedTask,
    Requests,
    SelfTime,
    Verdict,
    Why,
)
from overlap.judge.trace_verdict import verdict

__all__ = [
    "SHAPES",
    "Advice",
    "Background",
    "Blocked",
    "Group",
    "Offloaded",
    "PathSegment",
    "QueuedTask",
    "Requests",
    "SelfTime",
    "Verdict",
    "Why",
    "verdict",
]
