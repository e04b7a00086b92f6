"""Find what the command names: files, folders, patterns; and divide large files of JSON lines."""

from __future__ import annotations

import glob
import io
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from overlap.errors import OverlapError

STDIN = "-"
CHUNK = 16_000_000
"""Bytes of a large file that are read by one worker at a time."""
SMALL = 1_000_000
"""Bytes of a file that is read at once."""
_HIDDEN = "."
REPORT_STARTS = (b'{"overlap_survey"', b'{\n  "overlap_survey"')
_PEEK = 64
_LONGEST_LINE = 16_000_000
_LINES = b"{"
"""What a line of a file begins with that is read in pieces."""


class Input(msgspec.Struct, frozen=True, gc=False):
    """A file, or the lines of it that begin from `start` on, and before `end`."""

    path: str
    start: int = 0
    end: int | None = None
    is_named: bool = True
    """Whether the command names it, not only its folder or pattern: then it must be readable."""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"{self.path} from byte {self.start:,} on" if self.start else self.path


def is_url(source: str) -> bool:
    """Return whether a source is a backend's URL."""
    return source.startswith(("http://", "https://"))


def files(source: str) -> list[Input]:
    """Return the files that a source names. Raise OverlapError if there is none."""
    path = Path(source)
    try:
        if path.is_dir():
            below = [Input(each, is_named=False) for each in sorted(_files_below(str(path)))]
            if not below:
                raise OverlapError(f"there is no file in the folder {source!a}")
            return below
        if path.exists():
            return [Input(source)]
        matches = sorted(glob.glob(source, recursive=True))  # noqa: PTH207  `**` and absolute
        if found := [Input(each, is_named=False) for each in matches if Path(each).is_file()]:
            return found
    except (OSError, ValueError):  # the name is too long or has a null byte
        pass
    raise OverlapError(f"{source!a} is no file, folder, pattern of files or URL, nor -")


def _files_below(top: str) -> Iterator[str]:
    """Yield the files of a folder and of all below it, without those that are hidden."""
    todo = [top]
    while todo:
        try:
            entries = os.scandir(todo.pop())  # a folder of a million files: no Path for each
        except PermissionError:
            continue
        with entries:
            for each in entries:
                if each.name.startswith(_HIDDEN):
                    continue
                if each.is_dir(follow_symlinks=False):
                    todo.append(each.path)
                elif each.is_file():
                    yield each.path


def is_report(path: str) -> bool:
    """Return whether a file begins as `overlap survey --json` writes it."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  faster, and each is asked
            return file.read(_PEEK).startswith(REPORT_STARTS)
    except OSError:
        return False


def size(one: Input) -> int:
    """Return how many bytes are to be read; 0 if that is unknown, as for a pipe."""
    try:
        end = os.stat(one.path).st_size if one.end is None else one.end  # noqa: PTH116
    except OSError:
        return 0
    return max(0, end - one.start)


def divided(one: Input, whole: int, chunk: int = CHUNK) -> list[Input]:
    """Return a large file of JSON lines in pieces; any other file whole. `whole`: its bytes."""
    if whole < 2 * chunk or not _is_of_lines(one.path):
        return [one]
    starts = range(0, whole, chunk)
    return [Input(one.path, start, min(start + chunk, whole), one.is_named) for start in starts]


def together(pieces: Iterable[Input], most: int = SMALL) -> list[tuple[list[Input], int]]:
    """Return the pieces in groups, each with its size: small files are read in one task."""
    found: list[tuple[list[Input], int]] = []
    members: list[Input] = []
    whole = 0
    for piece in pieces:
        members.append(piece)
        whole += size(piece)
        if whole >= most:
            found.append((members, whole))
            members, whole = [], 0
    return [*found, (members, whole)] if members else found


def _is_of_lines(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            first = file.readline(_LONGEST_LINE)
            second = file.read(1)
    except OSError:
        return False
    if not (first.startswith(_LINES) and first.endswith(b"\n") and second == _LINES):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def content(one: Input) -> bytes | None:
    """Return what a small file holds; None for a large one, a piece of a file, or a pipe."""
    if one.end is not None:
        return None
    # Without an object for the file: that takes as long as to read it, and files are many.
    file = os.open(one.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_size > SMALL:
            return None
        data = os.read(file, about.st_size + 1)
        return data if len(data) == about.st_size else None
    finally:
        os.close(file)


def opened(one: Input) -> IO[bytes]:
    """Open an input for reading: all of its file, or its lines."""
    file = Path(one.path).open("rb")  # noqa: SIM115  the caller closes it
    if one.end is None:
        return file
    start, end = (_line_start(file, place) for place in (one.start, one.end))
    file.seek(start)
    return io.BufferedReader(_Lines(file, end - start), 1 << 20)


def _line_start(file: IO[bytes], place: int) -> int:
    """Return where the first line begins, from a place on, that begins as a document does."""
    if not place:
        return 0
    file.seek(place - 1)
    for line in _lines(file):
        here = file.tell()
        if not line.endswith(b"\n") or (begins := file.read(1)) == _LINES or not begins:
            return here
        file.seek(here)
    return file.tell()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline():
        yield line


class _Lines(io.RawIOBase):
    """So many bytes of a file, from where it is."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
