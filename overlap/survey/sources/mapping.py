"""Read the spans of one input into parts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO

import msgspec

from overlap.errors import UnreadableTrace
from overlap.survey.shuffle.parts import SpanSink
from overlap.survey.sources.inputs import (
    REPORT_STARTS,
    SMALL,
    Input,
    content,
    is_report,
    opened,
    size,
)
from overlap.trace import Span
from overlap.trace.formats.otlp_typed import TypedReader
from overlap.trace.left_out import LeftOut
from overlap.trace.read import batches_of, document_spans

_TOGETHER = 1000
"""Spans that are added together where they are read one by one."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What reading an input came to."""

    spans: int = 0
    unread: str = ""
    """A sentence, if it or a part of it could not be read."""
    is_unreadable: bool = False
    """Whether there is nothing else of it."""
    is_report: bool = False
    """Whether it is not telemetry, but an output of `overlap survey --json`; it is not read."""


class Reader:
    """Reads one input after the other into parts, until it is to stop."""

    def __init__(self, parts: SpanSink, is_stopped: Callable[[], bool]) -> None:
        self._parts, self.is_stopped = parts, is_stopped
        self._typed = TypedReader()

    def file(self, one: Input) -> Outcome:
        """Read a file, or a part of it."""
        try:
            if (data := content(one)) is not None:
                if data.startswith(REPORT_STARTS):
                    return Outcome(is_report=True)
                if spans := document_spans(data, self._typed):
                    self._parts.add(spans)
                    return Outcome(len(spans))
                left_out = LeftOut()
                return self._read(
                    batches_of(io.BytesIO(data), left_out, self._typed), one.name, left_out
                )
            if size(one) > SMALL and is_report(one.path):  # nothing is taken from a pipe
                return Outcome(is_report=True)
            with opened(one) as file:
                return self.stream(file, one.name)
        except OSError as error:
            return Outcome(0, f"{one.path} can't be read: {error.strerror or error}", True)

    def stream(self, stream: IO[bytes], name: str) -> Outcome:
        """Read a stream until its end."""
        left_out = LeftOut()
        return self._read(batches_of(stream, left_out, self._typed), name, left_out)

    def _read(self, batches: Iterator[Iterable[Span]], name: str, left_out: LeftOut) -> Outcome:
        spans = 0
        try:
            for batch in _lists(batches):
                self._parts.add(batch)
                spans += len(batch)
                if self.is_stopped():
                    break
        except UnreadableTrace as error:
            return Outcome(spans, f"{name}: {error}", not spans)
        if left_out.first:
            return Outcome(spans, f"{name}: {left_out.summary()}", not spans)
        if not spans and not self.is_stopped():
            return Outcome(0, f"{name}: there is no span in it", True)
        return Outcome(spans)


def _lists(batches: Iterator[Iterable[Span]]) -> Iterator[list[Span]]:
    for batch in batches:
        if isinstance(batch, list):
            yield batch
            continue
        rest = iter(batch)
        while members := [*islice(rest, _TOGETHER)]:
            yield members
