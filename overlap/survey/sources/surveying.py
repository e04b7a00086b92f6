"""Survey what a command names, on all cores: read into parts, judge the parts, add them up."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from overlap.errors import OverlapError
from overlap.survey.report import Report
from overlap.survey.shuffle.judging import Selection, judge_part
from overlap.survey.shuffle.parts import MOST_ALONE, PARTS, Parts
from overlap.survey.sources import inputs, workers
from overlap.survey.sources.inputs import STDIN, Input
from overlap.survey.sources.mapping import Outcome, Reader
from overlap.survey.sources.pool import Pool, cores
from overlap.survey.sources.query import Query

Say = Callable[[str], None]

WORTH_A_WORKER = 16_000_000
"""Bytes of input: fewer are read before another process has started."""
_MB = 1_000_000


@dataclass(slots=True)
class Found:
    """The report, and what is not in it."""

    report: Report = field(default_factory=Report)
    unread: list[str] = field(default_factory=list)
    """A sentence for each source, or part of one, that could not be read."""
    is_stopped: bool = False
    """Whether Ctrl-C ended the reading, or the judging."""


def survey_sources(
    sources: Iterable[str], query: Query, say: Say, most_workers: int | None = None
) -> Found:
    """Read all sources and return the report. Raise OverlapError if one can't be read at all.

    A file of a folder or pattern that can't be read is named in `unread`; the others count.
    Ctrl-C ends the reading, and what was read until then is reported; once more, it ends the
    judging. Temporary files take about 200 bytes a span, from 50,000 spans on.
    """
    most = most_workers or cores()
    with (
        tempfile.TemporaryDirectory(prefix="overlap-survey-") as folder,
        Pool(most, workers.start, folder, query.limit) as pool,
    ):
        return _Run(Path(folder), query, say, pool).run([*sources])


class _Run:
    """One survey: its parts, its workers, and what was found."""

    def __init__(self, folder: Path, query: Query, say: Say, pool: Pool) -> None:
        self._folder, self._query, self._say, self._pool = folder, query, say, pool
        self._parts = Parts(folder / "here", query.limit, MOST_ALONE)
        self._reader = Reader(self._parts, _never)
        self._ids: set[str] = set()
        self._found = Found()

    def run(self, sources: list[str]) -> Found:
        files = [one for each in sources if _is_file(each) for one in inputs.files(each)]
        try:
            self._read_files(files)
            for each in sources:
                if each == STDIN:
                    self._note(STDIN, self._reader.stream(sys.stdin.buffer, "standard input"))
                elif inputs.is_url(each):
                    from overlap.survey.sources.backend import read_backend  # imports httpx

                    self._found.unread += read_backend(each, self._query, self._parts, self._say)
        except KeyboardInterrupt:
            self._found.is_stopped = True
        try:
            self._judge()
        except KeyboardInterrupt:
            self._found.is_stopped = True
        self._found.unread.sort()
        return self._found

    def _add_report(self, one: Input) -> None:
        try:
            text = Path(one.path).read_bytes()
        except OSError as error:
            raise OverlapError(f"{one.path} can't be read: {error.strerror or error}") from None
        self._found.report.update(Report.from_json(text, source=one.path))

    def _read_files(self, files: list[Input]) -> None:
        pieces: list[Input] = []
        outcomes: list[tuple[Input, Outcome]] = []
        whole = 0
        if self._pool.most > 1:
            for one in files:
                size = inputs.size(one)
                whole += size
                pieces += inputs.divided(one, size)
        try:
            if len(pieces) > 1 and whole >= WORTH_A_WORKER:
                self._read_by_workers(pieces, whole, outcomes)
            else:
                for one in files:
                    self._say(one.path)
                    outcomes.append((one, self._reader.file(one)))
        finally:
            for one, outcome in outcomes:
                if outcome.is_report:
                    self._add_report(one)
            self._check(files, outcomes)

    def _read_by_workers(
        self, pieces: list[Input], whole: int, outcomes: list[tuple[Input, Outcome]]
    ) -> None:
        tasks_of = inputs.together(pieces)
        done = 0
        with self._pool.submit(workers.read, [(members,) for members, _ in tasks_of]) as tasks:
            try:
                for place in tasks.as_completed():
                    done += tasks_of[place][1]
                    self._say(f"read {done // _MB:,} of {whole // _MB:,} MB")
            except KeyboardInterrupt:
                self._pool.stop.set()
                raise
            finally:
                for place, (found, ids) in tasks.results():
                    outcomes.extend(zip(tasks_of[place][0], found, strict=False))
                    self._ids.update(ids)

    def _check(self, files: list[Input], outcomes: list[tuple[Input, Outcome]]) -> None:
        """Note what could not be read. Raise OverlapError if that is all of a source."""
        if all([outcome.spans and not outcome.unread for _, outcome in outcomes]):
            return  # as a rule
        by_path: dict[str, list[Outcome]] = {}
        for one, outcome in outcomes:
            by_path.setdefault(one.path, []).append(outcome)
        unreadable = []
        for path, of_file in by_path.items():
            if any(outcome.spans for outcome in of_file):
                # A piece without a span is a part of a long line.
                self._found.unread += [
                    o.unread for o in of_file if o.unread and not o.is_unreadable
                ]
            elif sentences := [outcome.unread for outcome in of_file if outcome.unread]:
                unreadable.append((path, sentences[0]))
        named = {one.path for one in files if one.is_named}
        for path, sentence in unreadable:
            if path in named:
                raise OverlapError(sentence)
        if unreadable and len(unreadable) == len(files):
            raise OverlapError(f"none of {len(files)} files can be read: {unreadable[0][1]}")
        self._found.unread += [sentence for _, sentence in unreadable]

    def _note(self, name: str, outcome: Outcome) -> None:
        if outcome.is_unreadable:
            raise OverlapError(outcome.unread)
        if outcome.unread:
            self._found.unread.append(outcome.unread)

    def _judge(self) -> None:
        selection = self._selection()
        if not self._pool.is_started and not self._parts.is_in_files:
            for part in range(PARTS):
                self._found.report.update(judge_part([], selection, self._parts.in_memory(part)))
            return
        self._parts.write()
        parts = [sorted(self._folder.glob(f"*/{part:02d}")) for part in range(PARTS)]
        parts = [paths for paths in parts if paths]
        done = 0
        with self._pool.submit(workers.judge, [(paths, selection) for paths in parts]) as tasks:
            for place in tasks.as_completed():
                self._found.report.update(Report(tasks.result(place)))
                done += 1
                self._say(f"judged {done / len(parts):.0%}")

    def _selection(self) -> Selection:
        last = None
        if self._parts.ids is not None:
            ids = sorted(self._ids.union(self._parts.ids.found()))[: self._query.limit]
            last = ids[-1] if ids else None
        times = self._query
        return Selection(times.start_ns, times.end_ns, last, times.source)


def _is_file(source: str) -> bool:
    return source != STDIN and not inputs.is_url(source)


def _never() -> bool:
    return False
