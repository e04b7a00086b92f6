"""Reads a request body within limits, as sent and as decompressed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

WIRE_LIMIT = 16 * 1024 * 1024
"""The limit of one body as sent, in bytes. The collector's receiver has 20 MiB."""
UNPACKED_LIMIT = 64 * 1024 * 1024
"""The limit of one decompressed body, in bytes: stops a gzip bomb."""

_WBITS = {"gzip": 31, "deflate": 15}


class Refused(Exception):
    """A request that is answered with `status` and one line: `str(error)`."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a body may be, in bytes."""

    wire: int = WIRE_LIMIT
    unpacked: int = UNPACKED_LIMIT


async def read(
    stream: AsyncIterator[bytes], *, encoding: str, announced: str | None, limits: Limits
) -> bytes:
    """Read a body, decompressed as it arrives so that memory stays within the limit.

    `announced` is the Content-Length header, if any. Raises Refused: 413 for a body that is too
    large, 415 for an unknown encoding, 400 for a body that can't be decompressed.
    """
    if announced is not None and announced.isdecimal() and int(announced) > limits.wire:
        raise _too_large(limits.wire)
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        unpack: _Plain | _Packed = _Plain(limits.unpacked)
    elif encoding in _WBITS:
        unpack = _Packed(encoding, limits.unpacked)
    else:
        raise Refused(415, f"content encoding {encoding[:40]!r} is not gzip, deflate or identity")
    received = 0
    async for chunk in stream:
        received += len(chunk)
        if received > limits.wire:
            raise _too_large(limits.wire)
        unpack.feed(chunk)
    return unpack.finish()


def _too_large(limit: int) -> Refused:
    return Refused(413, f"the body is larger than {limit} bytes")


class _Plain:
    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self.parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.limit:
            raise _too_large(self.limit)
        self.parts.append(chunk)

    def finish(self) -> bytes:
        return b"".join(self.parts)


class _Packed(_Plain):
    """Decompresses with `max_length`, so that a bomb uses no more than the limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        super().__init__(limit)
        self.encoding = encoding
        self.unpacker = zlib.decompressobj(_WBITS[encoding])

    def feed(self, chunk: bytes) -> None:
        while chunk:
            if self.unpacker.eof:  # a gzip body may have several members
                self.unpacker = zlib.decompressobj(_WBITS[self.encoding])
            try:
                plain = self.unpacker.decompress(chunk, self.limit + 1 - self.size)
            except zlib.error:
                raise Refused(400, f"the body can't be decompressed as {self.encoding}") from None
            if self.size + len(plain) > self.limit:
                raise Refused(413, f"the decompressed body is larger than {self.limit} bytes")
            super().feed(plain)
            chunk = self.unpacker.unconsumed_tail or self.unpacker.unused_data

    def finish(self) -> bytes:
        if not self.unpacker.eof:
            raise Refused(400, f"the {self.encoding} body is incomplete")
        return super().finish()
