"""Read the spans of one input into parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from overlap.errors import UnreadableTrace
from overlap.survey.shuffle.parts import Parts
from overlap.survey.sources.inputs import Input, opened
from overlap.trace import Span
from overlap.trace.left_out import LeftOut
from overlap.trace.read import spans_of

_LOOK_EVERY = 1000
"""Spans between two looks at whether to stop."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading an input came to."""

    spans: int = 0
    unread: str = ""
    """A sentence, if it or a part of it could not be read."""
    is_unreadable: bool = False
    """Whether there is nothing else of it."""


def read_file(one: Input, parts: Parts, is_stopped: Callable[[], bool]) -> Outcome:
    """Read a file, or a part of it."""
    try:
        with opened(one) as file:
            return read_stream(file, one.name, parts, is_stopped)
    except OSError as error:
        return Outcome(0, f"{one.path} can't be read: {error.strerror or error}", True)


def read_stream(
    stream: IO[bytes], name: str, parts: Parts, is_stopped: Callable[[], bool]
) -> Outcome:
    """Read a stream until its end, or until it is to stop."""
    left_out = LeftOut()
    found = _Counted(spans_of(stream, left_out), is_stopped)
    try:
        parts.add(found)
    except UnreadableTrace as error:
        return Outcome(found.spans, f"{name}: {error}", not found.spans)
    if left_out.first:
        return Outcome(found.spans, f"{name}: {left_out.summary()}", not found.spans)
    if not found.spans and not is_stopped():
        return Outcome(0, f"{name}: there is no span in it", True)
    return Outcome(found.spans)


class _Counted:
    """Spans, until it is to stop; counts them."""

    def __init__(self, spans: Iterable[Span], is_stopped: Callable[[], bool]) -> None:
        self._all, self._is_stopped = spans, is_stopped
        self.spans = 0

    def __iter__(self) -> Iterator[Span]:
        for span in self._all:
            self.spans += 1
            if self.spans % _LOOK_EVERY == 0 and self._is_stopped():
                return
            yield span
