"""Unpack gzip and zstd while reading, and split the messages of the collector's file exporter.

The file exporter puts the length of each message, four bytes, the greatest first, before it
where its format is `proto` or it compresses: then each message is compressed by itself.
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/fileexporter
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

from overlap.errors import UnreadableTrace

HEAD = 64
"""Bytes that are looked at to recognise a format."""
_BUFFER = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_LENGTH = 4
_LONGEST_MESSAGE = 1 << 30
MOST_LAYERS = 3
MOST_TIMES = 300
"""More than this many times its size, no telemetry unpacks to: gzip makes it 10 to 60 times."""
SMALL = 64 << 20
"""Bytes that anything may unpack to."""

Damage = Callable[[str], None]


def opened(stream: IO[bytes], damage: Damage) -> tuple[bytes, io.BufferedReader]:
    """Return the first bytes of a stream and all of it, unpacked.

    A damaged or cut stream gives what could be unpacked, and calls `damage` with the reason.
    Raises UnreadableTrace where no library for zstd is installed; reading raises it where there is
    far more than telemetry can unpack to.
    """
    packed = _Counted(stream)
    stream = cast("IO[bytes]", packed)
    for layer in range(MOST_LAYERS):
        head, stream = _peeked(stream, damage)
        if head.startswith(_GZIP):
            stream = cast("IO[bytes]", gzip.open(stream))  # noqa: SIM115  the caller closes it
        elif head.startswith(_ZSTD):
            stream = _zstd(stream)
        elif layer == 0:
            return head, stream
        else:
            break
    else:
        head, stream = _peeked(stream, damage)
    return head, io.BufferedReader(_Bounded(stream, packed), _BUFFER)


def is_framed(head: bytes) -> bool:
    """Return whether the input begins with a message's length and a message."""
    length = int.from_bytes(head[:_LENGTH], "big")
    message = head[_LENGTH:]
    return 0 < length < _LONGEST_MESSAGE // 8 and message.startswith((b"\n", b"{", _GZIP, _ZSTD))


def messages(stream: io.BufferedReader, damage: Damage) -> Iterator[bytes]:
    """Yield each message behind its length."""
    while head := stream.read(_LENGTH):
        length = int.from_bytes(head, "big")
        message = stream.read(length) if length < _LONGEST_MESSAGE else b""
        if len(head) < _LENGTH or len(message) < length:
            damage("the last message is cut")
            return
        yield message


class _Counted(io.RawIOBase):
    """A stream that counts the bytes that are read from it."""

    def __init__(self, rest: IO[bytes]) -> None:
        self._rest = rest
        self.count = 0

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        data: bytes = getattr(self._rest, "read1", self._rest.read)(size)
        self.count += len(data)
        return data

    def read(self, size: int = -1) -> bytes:
        data = self._rest.read(size)
        self.count += len(data)
        return data


class _Bounded(io.RawIOBase):
    """What a stream unpacks to; reading raises UnreadableTrace if that is a decompression bomb."""

    def __init__(self, rest: io.BufferedReader, packed: _Counted) -> None:
        self._rest, self._packed = rest, packed
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._rest.readinto1(buffer)
        self._count += count
        if self._count > max(SMALL, MOST_TIMES * self._packed.count):
            raise UnreadableTrace(
                f"it unpacks to more than {MOST_TIMES} times its size, as a decompression bomb "
                "does: if it is none, unpack it first (`gzip -d`, `zstd -d`)"
            )
        return count


class _Stream(io.RawIOBase):
    """A head that was read already, then the rest; damage ends the stream."""

    def __init__(self, head: bytes, rest: IO[bytes], damage: Damage) -> None:
        self._head, self._rest, self._damage = head, rest, damage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._head:
            count = min(len(self._head), len(buffer))
            buffer[:count], self._head = self._head[:count], self._head[count:]
            return count
        data = _read(self._rest, len(buffer), self._damage)
        buffer[: len(data)] = data
        return len(data)


def _peeked(stream: IO[bytes], damage: Damage) -> tuple[bytes, io.BufferedReader]:
    head = b""
    while len(head) < HEAD and (more := _read(stream, HEAD - len(head), damage)):
        head += more
    return head, io.BufferedReader(_Stream(head, stream, damage), _BUFFER)


def _read(stream: IO[bytes], size: int, damage: Damage) -> bytes:
    """Return up to `size` bytes; none after damage."""
    read = getattr(stream, "read1", stream.read)
    try:
        return bytes(read(size))
    except EOFError:
        damage("its end is missing: it is compressed, and cut")
    except (gzip.BadGzipFile, zlib.error) as error:
        damage(f"it can't be unpacked: {error}")
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # its module depends on the Python
            raise
        damage(f"it can't be unpacked: {error}")
    return b""


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise UnreadableTrace(
                "it is compressed with zstd, and nothing here unpacks that: install "
                "`backports-zstd` (the extra `zstd`), use Python 3.14, or run `zstd -d` first"
            ) from None
    unpacked: IO[bytes] = zstd.open(stream, "rb")
    return unpacked
