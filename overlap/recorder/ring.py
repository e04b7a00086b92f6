"""The ring: fixed-size records in memory that is mapped to a file, and the names they refer to.

A record costs one call of `struct` and no lock: a counter, whose `next` is atomic, gives each
record its place, and the oldest is overwritten. Threads that write at once get different places.
What a killed process wrote is in its file, as the kernel keeps it: at most the record that each
thread was writing is broken.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from overlap.recorder import layout

Write = Callable[[int, int, int, int, int, float, float, float, str], None]
"""Writes a record: kind, detail, number, request, subject, time, waited, took, name."""


class Ring:
    """One ring of a process. Raises OSError if the file can't be made, with room for all of it."""

    def __init__(self, path: Path, megabytes: float, service: str, instance: str) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        wanted = max(1, int(megabytes * 2**20) // layout.SIZE)
        self.places = 1 << (wanted.bit_length() - 1)  # a power of two, so that `&` finds a place
        size = layout.FIRST + self.places * layout.SIZE
        try:
            _lock(self._file)
            _reserve(self._file, size)
            self.memory = mmap.mmap(self._file, size)
        except BaseException:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise
        self._names: dict[str, int] = {}
        self._named = layout.HEAD_SIZE
        self._lock = threading.Lock()
        self.next_place = count().__next__
        layout.HEAD.pack_into(
            self.memory,
            0,
            layout.MAGIC,
            layout.VERSION,
            self.places,
            os.getpid(),
            time.time_ns(),
            time.perf_counter(),
            layout.NAMES_SIZE,
            0,
            service.encode()[:64],
            instance.encode()[:64],
            b"",
        )
        self._other = self.name(layout.OTHER)

    def name(self, text: str) -> int:
        """Return the number of a name. The same text has the same number; "" is 0."""
        number = self._names.get(text)
        if number is None:
            number = self._add(text) if text else 0
        return number

    def _add(self, text: str) -> int:
        written = text.encode("utf-8", "replace")[: layout.LONGEST_NAME]
        with self._lock:
            if text in self._names:
                return self._names[text]
            end = self._named + layout.NAME.size + len(written)
            if end > layout.FIRST:
                return self._other
            # The length last: a name that is half written does not count.
            self.memory[self._named + layout.NAME.size : end] = written
            layout.NAME.pack_into(self.memory, self._named, len(written))
            self._named = end
            number = len(self._names) + 1
            self._names[text] = number
            return number

    def writer(self) -> Write:
        """Return the function that writes a record."""
        pack, memory, place, name = (
            layout.RECORD.pack_into,
            self.memory,
            self.next_place,
            self.name,
        )
        mask, first, size = self.places - 1, layout.FIRST, layout.SIZE

        def write(  # noqa: PLR0913, PLR0917  one argument a field
            kind: int,
            detail: int,
            number: int,
            request: int,
            subject: int,
            at: float,
            waited: float,
            took: float,
            text: str,
        ) -> None:
            pack(
                memory,
                first + (place() & mask) * size,
                kind,
                detail,
                number & 0xFFFF,
                request & 0xFFFFFFFF,
                subject & 0xFFFFFFFF,
                at,
                waited,
                took,
                name(text),
            )

        return write

    def copy_to(self, path: Path, reason: str) -> None:
        """Write all of it to a file, whose head says the reason. From any thread.

        Threads go on writing meanwhile: what is written is memory's, part by part, and the
        interpreter is free during each part.
        """
        draft = path.with_suffix(layout.PART)
        head = bytearray(self.memory[: layout.HEAD_SIZE])
        layout.DUMP.pack_into(head, layout.DUMP_AT, time.time_ns())
        layout.REASON.pack_into(head, layout.REASON_AT, reason.encode()[: layout.REASON.size])
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(opened, "wb") as file, memoryview(self.memory) as whole:
                file.write(head)
                for start in range(layout.HEAD_SIZE, len(whole), _PART):
                    with whole[start : start + _PART] as part:
                        file.write(part)
            draft.rename(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def close(self, *, keep: bool) -> None:
        """Close the file, and remove it unless it is kept."""
        if self._file >= 0:
            os.close(self._file)  # the map stays: late writers must not fail
            self._file = -1
            if not keep:
                self.path.unlink(missing_ok=True)


_PART = 2**20


def _lock(file: int) -> None:
    """Lock the file for as long as the process lives, so that nobody takes it for a dead one's."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _reserve(file: int, size: int) -> None:
    """Make room on the disk now: where it is full, writing to the map would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:  # macOS, Windows
        os.ftruncate(file, size)
