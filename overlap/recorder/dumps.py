"""Dumps of the ring: files in a folder, bounded in number and in how often they are written."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from overlap.files import name_part, take_left_files
from overlap.recorder import layout
from overlap.recorder.ring import Ring

DUMP = ".flight"
RING = ".ring"
PART = layout.PART
HALF_S = 60.0
"""A dump that nothing was added to for so long is one that a killed process left half written."""
EVERY_S = 60.0
"""The least time between two dumps. What happened meanwhile is in the next one."""
MOST = 20
"""The most dumps of a service that are kept: the newest."""

SLOW = "a request was slow"
BLOCKED = "the event loop was blocked"
HUNG = "the event loop hangs"
LOST = "a background task was lost"
GIVEN_UP = "a request was given up"
SIGNAL = "asked for by a signal"
KILLED = "the process was killed"
_NAMES = {
    SLOW: "slow",
    BLOCKED: "blocked",
    HUNG: "hung",
    LOST: "lost",
    GIVEN_UP: "given-up",
    SIGNAL: "signal",
    KILLED: "killed",
}
_ALWAYS = frozenset({HUNG, SIGNAL})
"""Written however short the last dump is ago."""
_log = logging.getLogger("overlap.recorder")


class Dumps:
    """Writes the dumps of one ring, in a thread of its own."""

    def __init__(self, ring: Ring, folder: Path, service: str) -> None:
        self._ring, self._folder, self._service = ring, folder, service
        self._last = float("-inf")
        # Its put is reentrant: a signal handler and the garbage collector may ask for a dump.
        self._asked: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="overlap-recorder", daemon=True)
        self._thread.start()

    def ask(self, reason: str) -> None:
        """Ask for a dump, from anywhere. It is written soon, or not at all if one was just now."""
        now = time.monotonic()
        if reason in _ALWAYS or now - self._last >= EVERY_S:
            self._last = now
            self._asked.put(reason)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what was asked for, and end."""
        self._asked.put(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while (reason := self._asked.get()) is not None:
            try:
                time.sleep(_SETTLES_S)
                path = self._path(reason)
                self._ring.copy_to(path, reason)
                _log.warning("%s: the last seconds are in %s", reason, path)
                forget_old(self._folder, self._service)
            except OSError as error:  # the disk is full: the service goes on
                _log.warning("the flight recorder can't write a dump: %s", error.strerror or error)
            except Exception:
                _log.warning("the flight recorder can't write a dump", exc_info=True)

    def _path(self, reason: str) -> Path:
        when = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        start = f"{name_part(self._service)}.{os.getpid()}.{when}"
        path = self._folder / f"{start}.{_NAMES.get(reason, 'dump')}{DUMP}"
        number = 1
        while path.exists():
            number += 1
            path = self._folder / f"{start}.{_NAMES.get(reason, 'dump')}-{number}{DUMP}"
        return path


_SETTLES_S = 0.05
"""The request that was slow has not written its last step yet."""


def take_dead_rings(folder: Path, service: str) -> None:
    """Make dumps of the rings that killed processes of a service left; remove their half dumps."""
    take_left_files(folder, f"{name_part(service)}.*{RING}", _take_dead_ring)
    for half in folder.glob(f"{name_part(service)}.*{PART}"):
        with suppress(OSError):  # another process has removed it
            if time.time() - half.stat().st_mtime > HALF_S:
                half.unlink()
    forget_old(folder, service)


def _take_dead_ring(file: int, path: Path) -> None:
    if os.pread(file, 8, 0) != layout.MAGIC:
        return
    seen = os.fstat(file).st_mtime_ns
    os.pwrite(file, layout.DUMP.pack(seen), layout.DUMP_AT)
    os.pwrite(file, KILLED.encode().ljust(layout.REASON.size, b"\0"), layout.REASON_AT)
    dump = path.with_suffix(f".killed{DUMP}")
    path.rename(dump)
    _log.warning("%s: its last seconds are in %s", KILLED, dump)


def forget_old(folder: Path, service: str) -> None:
    """Delete the oldest dumps of a service, beyond MOST."""
    dumps = sorted(
        folder.glob(f"{name_part(service)}.*{DUMP}"), key=lambda path: path.stat().st_mtime
    )
    for path in dumps[:-MOST]:
        path.unlink(missing_ok=True)
