"""A journal of the background tasks in progress, in a file that outlives the process.

A killed process cannot report what it lost. Each process has one file, mapped into memory: a
note costs a few bytes written there and no system call, and the kernel keeps it after the process
has ended. The next process with the same folder and service reads it (lost_tasks). The file is
locked while its process lives, so that no pid has to be trusted. A power cut may lose notes: the
kernel writes them to disk when it likes.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from uuid import uuid4

from overlap.files import name_part, take_left_files

SUFFIX = ".tasks"
SLOTS = 4096
"""Tasks noted at a time, in a mebibyte; further tasks are counted and traced, but not noted."""
_SLOT = 256
_NOTE = Struct("<?16s8s8sBQ16sH")
_NAME = _SLOT - _NOTE.size
"""The most bytes of a name."""
_HEAD = Struct("<8sQI36s")
_MAGIC = b"overlap1"
_ALIVE = Struct("<Q")
_ALIVE_AT = len(_MAGIC)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """A task in progress. Ids are OpenTelemetry's, as numbers."""

    name: str
    task_id: str
    """32 hexadecimal digits."""
    trace_id: int
    span_id: int
    parent_id: int
    """0 if it has none."""
    trace_flags: int
    started_ns: int


@dataclass(frozen=True, slots=True)
class LostTask:
    """A task that was running when its process died."""

    note: Note
    pid: int
    instance_id: str
    seen_ns: int
    """When its process was last known to live, in nanoseconds since the epoch."""


class Journal:
    """The file of this process, created at the first note. Safe from any thread."""

    def __init__(self, folder: Path, service: str, instance_id: str) -> None:
        self._folder = folder
        self._service = service
        self._instance_id = instance_id
        self._path: Path | None = None
        self._file = -1
        self._map: mmap.mmap | None = None
        self._free: list[int] = []
        self._lock = threading.Lock()

    def write(self, note: Note) -> int | None:
        """Note a task that starts; return the slot for `erase`, or None if there is no room.

        Raises OSError if the file cannot be created.
        """
        with self._lock:
            if self._map is None:
                self._open()
        try:
            slot = self._free.pop()
        except IndexError:
            return None
        name = note.name.encode("utf-8", "replace")[:_NAME]
        content = _NOTE.pack(
            True,
            note.trace_id.to_bytes(16, "big"),
            note.span_id.to_bytes(8, "big"),
            note.parent_id.to_bytes(8, "big"),
            note.trace_flags,
            note.started_ns,
            bytes.fromhex(note.task_id),
            len(name),
        )
        at = slot * _SLOT
        if (mapped := self._map) is not None:
            # The first byte last: a partial note does not count.
            mapped[at + 1 : at + _NOTE.size + len(name)] = content[1:] + name
            mapped[at] = 1
        return slot

    def erase(self, slot: int) -> None:
        """Erase the note of a task that ended."""
        if (mapped := self._map) is not None:
            mapped[slot * _SLOT] = 0
            self._free.append(slot)

    def heartbeat(self, now_ns: int) -> None:
        """Record that the process lives."""
        if (mapped := self._map) is not None:
            _ALIVE.pack_into(mapped, _ALIVE_AT, now_ns)

    def close(self) -> None:
        """Remove the file: every task has ended."""
        path, self._path = self._path, None
        self.forget()
        if path is not None:
            path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Close the file and leave it: in a forked process, it is the parent's."""
        mapped, self._map = self._map, None
        if mapped is not None:
            mapped.close()
            os.close(self._file)
            self._path = None

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{name_part(self._service)}.{os.getpid()}.{uuid4().hex}"
        self._file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Locked before it is renamed, so that no other process takes it for a dead one's.
            fcntl.flock(self._file, fcntl.LOCK_EX)
            _reserve(self._file, SLOTS * _SLOT)
            mapped = mmap.mmap(self._file, SLOTS * _SLOT)
        except OSError:  # the disk is full
            os.close(self._file)
            draft.unlink(missing_ok=True)
            raise
        self._map = mapped
        head = _HEAD.pack(_MAGIC, 0, os.getpid(), self._instance_id.encode()[:36])
        self._map[: _HEAD.size] = head
        self._free = list(range(SLOTS - 1, 0, -1))  # the head has the first
        self._path = draft.with_name(draft.name + SUFFIX)
        draft.rename(self._path)


def _reserve(file: int, size: int) -> None:
    """Make room on the disk now: where it is full, writing to the map would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:  # macOS
        os.pwrite(file, bytes(size), 0)


def take_lost_tasks(folder: Path, service: str) -> list[LostTask]:
    """Return the tasks that dead processes of a service left, and delete their files."""
    found: list[LostTask] = []

    def take(file: int, path: Path) -> None:
        content = os.read(file, SLOTS * _SLOT)
        if content and not content.startswith(_MAGIC):
            _log.warning("%s is no journal of this version: it is not read", path)
        found.extend(_read(content))
        path.unlink()

    take_left_files(folder, f"{name_part(service)}.*{SUFFIX}", take)
    return found


def _read(content: bytes) -> Iterator[LostTask]:
    if len(content) < _SLOT or not content.startswith(_MAGIC):
        return
    _, seen, pid, instance_id = _HEAD.unpack_from(content)
    for at in range(_SLOT, len(content) - _SLOT + 1, _SLOT):
        if content[at]:
            _, trace, span, parent, flags, started, task, size = _NOTE.unpack_from(content, at)
            name = content[at + _NOTE.size :][: min(size, _NAME)].decode("utf-8", "replace")
            note = Note(
                name,
                task.hex(),
                int.from_bytes(trace, "big"),
                int.from_bytes(span, "big"),
                int.from_bytes(parent, "big"),
                flags,
                started,
            )
            instance = instance_id.rstrip(b"\0").decode("utf-8", "replace")
            yield LostTask(note, pid, instance, max(seen, started))
