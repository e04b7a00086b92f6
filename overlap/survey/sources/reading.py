"""Read what `overlap survey` is given: files, folders, patterns, standard input, URLs, reports."""

from __future__ import annotations

import asyncio
import glob
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from overlap.errors import OverlapError
from overlap.survey.report import Report
from overlap.survey.sources.windows import from_backend
from overlap.trace import Span, Trace, read_stream

STDIN = "-"
_HIDDEN = "."
_REPORT_STARTS = (b'{"overlap_survey"', b'{\n  "overlap_survey"')
_PEEK = 64

Say = Callable[[str], None]


@dataclass(slots=True)
class Found:
    """What was read. The spans of one trace may come from several sources."""

    spans: dict[str, list[Span]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """A sentence for each source, or part of one, that could not be read."""
    is_stopped: bool = False
    """Whether Ctrl-C ended the reading."""

    def add(self, traces: Iterable[Trace]) -> None:
        """Add traces, joined with what is known of them."""
        for trace in traces:
            self.spans.setdefault(trace.trace_id, []).extend(trace.spans)
            self.warnings.setdefault(trace.trace_id, []).extend(trace.warnings)

    def traces(self, limit: int | None = None) -> list[Trace]:
        """Return the traces, at most `limit` of them, those with the smallest ids."""
        return [
            Trace(trace_id, tuple(self.spans[trace_id]), tuple(self.warnings[trace_id]))
            for trace_id in sorted(self.spans)[:limit]
        ]


@dataclass(frozen=True, slots=True)
class BackendQuery:
    """Which traces are read from a backend."""

    since_s: float
    service: str | None
    limit: int | None


def read_sources(sources: Iterable[str], query: BackendQuery, say: Say) -> Found:
    """Read all sources. Raise OverlapError if one that is named can't be read at all.

    A file of a folder or pattern that can't be read is named in `unread`; the others count.
    Ctrl-C ends the reading, and what was read until then is returned.
    """
    found = Found()
    try:
        for source in sources:
            _read(source, found, query, say)
    except KeyboardInterrupt:
        found.is_stopped = True
    return found


def _read(source: str, found: Found, query: BackendQuery, say: Say) -> None:
    if source == STDIN:
        found.add(read_stream(sys.stdin.buffer, source="standard input"))
    elif source.startswith(("http://", "https://")):
        end_ns = time.time_ns()
        since_ns = end_ns - round(query.since_s * 1e9)
        backend = from_backend(source, since_ns, end_ns, query.service, query.limit, say)
        traces, unread = asyncio.run(backend)
        found.add(traces)
        found.unread += unread
    elif (path := Path(source)).is_dir():
        _read_all(sorted(each for each in path.rglob("*") if _is_shown(each, path)), found, say)
    elif path.exists():
        say(source)
        _read_file(path, found)
    elif matches := sorted(glob.glob(source, recursive=True)):  # noqa: PTH207  `**` and absolute
        _read_all([path for each in matches if (path := Path(each)).is_file()], found, say)
    else:
        raise OverlapError(f"{source!a} is no file, folder, pattern of files or URL, nor -")


def _is_shown(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return path.is_file() and not any(part.startswith(_HIDDEN) for part in parts)


def _read_all(paths: list[Path], found: Found, say: Say) -> None:
    unread = []
    for path in paths:
        say(str(path))
        try:
            _read_file(path, found)
        except OverlapError as error:
            unread.append(str(error))
    if paths and len(unread) == len(paths):
        raise OverlapError(f"none of {len(paths)} files can be read: {unread[0]}")
    found.unread += unread


def _read_file(path: Path, found: Found) -> None:
    try:
        with path.open("rb") as file:
            start = file.peek(_PEEK)[:_PEEK]
            if start.startswith(_REPORT_STARTS):
                found.reports.append(Report.from_json(file.read(), source=str(path)))
            else:
                found.add(read_stream(file, source=str(path)))
    except OSError as error:
        raise OverlapError(f"{path} can't be read: {error.strerror or error}") from None
