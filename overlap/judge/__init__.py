"""A trace in, its shape and figures out: pure functions, no I/O."""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
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


def __getattr__(name: str) -> object:
    # A survey takes parts of the judge, without the sentences of a verdict, which take a while to
    # import.
    if name == "verdict":
        from overlap.judge.trace_verdict import verdict

        return verdict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
