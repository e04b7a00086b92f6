"""Read a file of the flight recorder: a dump, or the ring of a process, alive or killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path

from overlap.errors import OverlapError
from overlap.recorder import layout
from overlap.recording.model import Call, Connection, Happening, Recording, Request, Step

_LONGEST_S = 10 * 24 * 3600.0
"""No duration is longer than this; what says so was half written."""
_DATES = range(10**18, 7 * 10**18)
"""From 2001 to 2191, as of time.time_ns()."""
_LARGEST = 4 * 2**30
"""A file that is larger is none of ours."""
Fields = tuple[int, int, int, int, int, float, float, float, int]


def read(path: Path) -> Recording:
    """Read a file. Raises OverlapError with one sentence if it is none of the recorder's."""
    try:
        if path.stat().st_size > _LARGEST:
            raise OverlapError(f"{path} is no recording: it is larger than any")
        content = path.read_bytes()
    except OSError as error:
        raise OverlapError(f"{path} can't be read: {error.strerror or error}") from error
    return parse(content, str(path))


def parse(content: bytes, source: str = "the input") -> Recording:
    """Read the bytes of a file. Raises OverlapError as `read` does."""
    if len(content) < layout.FIRST or not content.startswith(layout.MAGIC):
        raise OverlapError(f"{source} is no recording of overlap's flight recorder")
    _, version, places, pid, made_ns, made, names_size, dumped_ns, *texts = layout.HEAD.unpack_from(
        content
    )
    if version != layout.VERSION:
        raise OverlapError(
            f"{source} has version {version} of the recorder's format; this overlap reads "
            f"version {layout.VERSION}"
        )
    is_dated = made_ns in _DATES and (not dumped_ns or dumped_ns in _DATES)
    if names_size != layout.NAMES_SIZE or not isfinite(made) or not is_dated:
        raise OverlapError(f"{source} is a damaged recording: its head can't be right")
    service, instance, reason = (text.rstrip(b"\0").decode("utf-8", "replace") for text in texts)
    end = min(len(content), layout.FIRST + places * layout.SIZE)
    reader = _Reader(_names(content), made_ns, made)
    for at in range(layout.FIRST, end - layout.SIZE + 1, layout.SIZE):
        if content[at]:
            reader.add(content, at)
    return reader.recording(service, instance, pid, reason, dumped_ns)


def _names(content: bytes) -> list[str]:
    """Return the names by their numbers; 0 is no name."""
    found, at = [""], layout.HEAD_SIZE
    while at + layout.NAME.size <= layout.FIRST:
        (size,) = layout.NAME.unpack_from(content, at)
        at += layout.NAME.size
        if not 0 < size <= layout.LONGEST_NAME or at + size > layout.FIRST:
            break
        found.append(content[at : at + size].decode("utf-8", "replace"))
        at += size
    return found


class _Reader:
    """Sorts records into a Recording."""

    def __init__(self, names: list[str], made_ns: int, made: float) -> None:
        self._names, self._made_ns, self._made = names, made_ns, made
        self._requests: dict[int, Request] = {}
        self._records: list[Fields] = []
        self._left_out = 0
        self._take: dict[int, Callable[[Recording, Fields], None]] = {
            layout.END: self._end,
            layout.STEP: self._step,
            layout.CALL: self._call,
            layout.BLOCK: self._block,
            layout.COLLECTION: self._collection,
            layout.OPENED: self._opened,
            layout.CLOSED: self._closed,
            layout.DROPPED: self._closed,
            layout.POOL: self._pool,
            layout.LOST: self._lost,
            layout.RESTED: self._rested,
        }
        self._open: dict[int, Connection] = {}

    def add(self, content: bytes, at: int) -> None:
        """Add the record at an offset. Those of requests' begins first, the others in order."""
        if content[at] == layout.REQUEST:
            _, _, _, number, trace_id, time = layout.BEGIN.unpack_from(content, at)
            if self._is_time(time) and number:
                self._requests[number] = Request(number, self._ns(time), trace_id.hex())
                return
        else:
            fields: Fields = layout.RECORD.unpack_from(content, at)
            kind, *_, time, waited, took, _name = fields
            if kind in self._take and self._is_time(time) and _is_long(waited) and _is_long(took):
                self._records.append(fields)
                return
        self._left_out += 1

    def recording(
        self, service: str, instance: str, pid: int, reason: str, dumped_ns: int
    ) -> Recording:
        """Return what was added."""
        found = Recording(service, instance, pid, reason, dumped_ns, left_out=self._left_out)
        for fields in sorted(self._records, key=lambda fields: fields[5]):
            self._take[fields[0]](found, fields)
        found.requests = sorted(self._requests.values(), key=lambda each: each.at_ns)
        times = [*self._times(found)]
        found.since_ns = min(times, default=dumped_ns)
        found.at_ns = dumped_ns or max(times, default=0)
        return found

    def _times(self, found: Recording) -> Iterator[int]:
        yield from (self._ns(fields[5]) for fields in self._records)
        yield from (request.at_ns for request in found.requests)

    def _is_time(self, time: float) -> bool:
        return isfinite(time) and abs(time - self._made) < 100 * _LONGEST_S

    def _ns(self, time: float) -> int:
        return self._made_ns + int((time - self._made) * 1e9)

    def _name(self, number: int) -> str:
        return self._names[number] if number < len(self._names) else layout.OTHER

    def _request(self, number: int, time: float) -> Request:
        found = self._requests.get(number)
        if found is None:  # its begin was overwritten
            found = self._requests[number] = Request(number, self._ns(time), "")
        return found

    def _end(self, _found: Recording, fields: Fields) -> None:
        _, detail, status, number, _, time, _, took, name = fields
        request = self._request(number, time)
        request.took_s, request.name, request.status = took, self._name(name), status
        request.outcome = layout.OUTCOMES[detail] if detail < len(layout.OUTCOMES) else ""

    def _step(self, found: Recording, fields: Fields) -> None:
        _, _, _, number, task, time, waited, took, name = fields
        if not number:
            found.other_steps += 1
            return
        step = Step(self._ns(time), waited, took, task, self._name(name))
        self._request(number, time).steps.append(step)

    def _call(self, found: Recording, fields: Fields) -> None:
        _, _, _, number, thread, time, waited, took, name = fields
        call = Call(self._ns(time), waited, took, self._name(name), thread)
        (self._request(number, time).calls if number else found.other_calls).append(call)

    def _block(self, found: Recording, fields: Fields) -> None:
        _, lasts, victims, number, _, time, _, took, name = fields
        found.blocks.append(
            Happening(self._ns(time), took, self._name(name), number, victims, lasts=bool(lasts))
        )

    def _collection(self, found: Recording, fields: Fields) -> None:
        found.collections.append(Happening(self._ns(fields[5]), fields[7], "full collection"))

    def _pool(self, found: Recording, fields: Fields) -> None:
        _, given_up, _, number, _, time, waited, _, name = fields
        found.pool_waits.append(
            Happening(self._ns(time), waited, self._name(name), number, given_up=bool(given_up))
        )

    def _lost(self, found: Recording, fields: Fields) -> None:
        found.lost.append(Happening(self._ns(fields[5]), 0.0, self._name(fields[8]), fields[3]))

    def _rested(self, found: Recording, fields: Fields) -> None:
        found.rests.append(Happening(self._ns(fields[5]), fields[7], "steps were not recorded"))

    def _opened(self, found: Recording, fields: Fields) -> None:
        _, _, _, number, subject, time, _, took, name = fields
        connection = Connection(self._ns(time), self._name(name), number, took)
        self._open[subject] = connection
        found.connections.append(connection)

    def _closed(self, found: Recording, fields: Fields) -> None:
        kind, _, _, number, subject, time, _, _, name = fields
        connection = self._open.pop(subject, None)
        if connection is None:  # its opening was overwritten
            connection = Connection(0, self._name(name), 0, 0.0)
            found.connections.append(connection)
        connection.closed_ns, connection.closed_by = self._ns(time), number
        connection.is_dropped = kind == layout.DROPPED


def _is_long(seconds: float) -> bool:
    return -1.0 <= seconds <= _LONGEST_S
