"""Spans divided by their trace id: in memory at first, in files once they are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from zlib import crc32

from overlap.survey.shuffle import records
from overlap.trace import Span

PARTS = 64
MOST_IN_MEMORY = 50_000
"""Spans of one worker of several; about 50 MB."""
MOST_ALONE = 200_000
"""Spans of a process that does all."""


class SpanSink(Protocol):
    """What readers add spans to: parts, or any other collection of spans."""

    def add(self, spans: Sequence[Span]) -> None:
        """Add spans of any traces."""


class Parts:
    """The spans of some inputs, by part. `folder` is made when it is needed.

    limit: of how many traces spans are needed; those with the smallest ids.
    in_memory: how many spans there are at most before they are written; MOST_IN_MEMORY by default.
    """

    def __init__(
        self, folder: Path, limit: int | None = None, in_memory: int | None = None
    ) -> None:
        self._folder = folder
        self._most = MOST_IN_MEMORY if in_memory is None else in_memory
        self._spans: list[list[Span]] = [[] for _ in range(PARTS)]
        self._count = 0
        self.is_in_files = False
        self.ids = SmallestIds(limit) if limit is not None else None

    def add(self, spans: Sequence[Span]) -> None:
        """Add spans of any traces."""
        trace_id = ""
        append = self._spans[0].append
        for span in spans:
            if span.trace_id != trace_id:  # the spans of a trace often follow one another
                trace_id = span.trace_id
                append = self._spans[number(trace_id) % PARTS].append
                if self.ids is not None:
                    self.ids.add(trace_id)
            append(span)
        self._count += len(spans)
        if self._count >= self._most:
            self.write()

    def write(self) -> None:
        """Write what is in memory to the files."""
        if self._count and not self.is_in_files:
            self._folder.mkdir(parents=True)
            self.is_in_files = True
        for part, spans in enumerate(self._spans):
            if spans:
                with file_of(self._folder, part).open("ab") as file:
                    records.write(file, spans)
                spans.clear()
        self._count = 0

    def in_memory(self, part: int) -> list[Span]:
        """Return the spans of a part that were not written."""
        return self._spans[part]

    def files(self, part: int) -> list[Path]:
        """Return the file of a part, if there is one."""
        path = file_of(self._folder, part)
        return [path] if path.exists() else []


class SmallestIds:
    """The smallest trace ids, so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: set[str] = set()
        self._greatest: str | None = None

    def add(self, trace_id: str) -> None:
        """Add an id; those that are not among the smallest are forgotten, now or later."""
        if self._greatest is not None and trace_id > self._greatest:
            return
        self._ids.add(trace_id)
        if len(self._ids) >= 2 * self._most:
            self._ids = set(self.found())
            self._greatest = max(self._ids)

    def found(self) -> list[str]:
        """Return the smallest ids, sorted."""
        return sorted(self._ids)[: self._most]


def number(trace_id: str) -> int:
    """Return a number of a trace id, the same in every process."""
    return crc32(trace_id.encode(errors="surrogatepass"))


def file_of(folder: Path, part: int) -> Path:
    """Return the path of a part's file."""
    return folder / f"{part:02d}"


def batches(paths: Iterable[Path]) -> Iterator[list[records.PackedSpan]]:
    """Yield the spans of a part's files, a batch at a time."""
    for path in paths:
        with path.open("rb") as file:
            yield from records.read(file)
