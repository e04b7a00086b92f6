"""Packed input, and the lengths that the collector's file exporter writes."""

import builtins
import gzip
import io
import json
import sys
from typing import Any

import pytest

from overlap.errors import UnreadableTrace
from overlap.trace import read, read_stream, unpacking

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS = {"gzip": gzip.compress, "zstd": zstd.compress}


def framed(*messages: bytes) -> bytes:
    """Each message behind its length, as the file exporter writes."""
    return b"".join(len(each).to_bytes(4, "big") + each for each in messages)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_every_format_is_read_packed(otlp: Any, as_protobuf: Any, pack: Any) -> None:
    """JSON, lines, protobuf, lengths: as unpacked. Twice packed, too."""
    one, other = (json.dumps(each).encode() for each in (otlp(), otlp(spanId="c" * 16)))
    message = as_protobuf(otlp()).SerializeToString()
    for plain in (one, one + b"\n" + other, message, framed(message, message)):
        assert read(pack(plain)) == read(pack(pack(plain))) == read(plain)
    assert read(pack(one) + pack(b"\n" + other)) == read(one + b"\n" + other)


def test_lengths_before_messages(otlp: Any, as_protobuf: Any) -> None:
    """`format: proto`; with `compression: zstd` each message is packed by itself, JSON too."""
    one, other = (as_protobuf(otlp(name=name)).SerializeToString() for name in ("x", "y"))
    expected = [("GET /", "x"), ("GET /", "y")]
    for data in (
        framed(one, other),
        framed(zstd.compress(one), zstd.compress(other)),
        framed(*(zstd.compress(json.dumps(otlp(name=name)).encode()) for name in ("x", "y"))),
    ):
        (trace,) = read(data)
        assert trace.warnings == ()
        names = [span.name for span in trace.spans]
        assert [*zip(names[::2], names[1::2], strict=True)] == expected


def test_a_bad_message_between_lengths_is_left_out(otlp: Any, as_protobuf: Any) -> None:
    """One that is no protobuf, and a cut last one: both are counted."""
    good = as_protobuf(otlp()).SerializeToString()
    (trace,) = read(framed(good, b"\n\xff\xff", good)[:-5])
    assert len(trace.spans) == 2
    (said,) = trace.warnings
    assert said.startswith("2 parts of the input")
    assert "message 2: not OTLP protobuf" in said


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_a_cut_file_gives_what_can_be_unpacked(otlp: Any, pack: Any) -> None:
    """The lines before the cut are judged, and a warning says that the end is missing."""
    line = json.dumps(otlp()).encode() + b"\n"
    packed = pack(b"".join(line.replace(b"smoke", b"x%d" % i, 1) for i in range(20_000)))
    (trace,) = read(packed[: len(packed) // 2])
    assert 1_000 < len(trace.spans) < 40_000
    assert any("its end is missing" in said for said in trace.warnings)


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """80 MiB of nothing: a JSON string without an end, spaces, and packed twice."""
    text = b'{"' + b" " * (80 << 20)
    return {
        "gzip": gzip.compress(text),
        "zstd": zstd.compress(text),
        "spaces": gzip.compress(b" " * len(text)),
        "twice": zstd.compress(gzip.compress(text)),
        "in a message": framed(gzip.compress(text)),
    }


@pytest.mark.parametrize("name", ["gzip", "zstd", "spaces", "twice", "in a message"])
def test_a_decompression_bomb_is_one_sentence(bombs: dict[str, bytes], name: str) -> None:
    """It is not unpacked to its end; the sentence says what to do if it is none."""
    stream = io.BytesIO(bombs[name])
    with pytest.raises(UnreadableTrace) as caught:
        read_stream(stream, source="bomb")
    assert str(caught.value).startswith("bomb: it unpacks to more than 300 times its size")
    assert "unpack it first" in str(caught.value)


def test_a_bomb_is_left_after_64_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it would unpack to. Below that, anything is read."""
    monkeypatch.setattr(unpacking, "SMALL", 1 << 20)
    packed = gzip.compress(b'{"' + b" " * (8 << 20))
    with pytest.raises(UnreadableTrace, match="300 times"):
        read(packed)
    monkeypatch.setattr(unpacking, "SMALL", 16 << 20)
    with pytest.raises(UnreadableTrace, match="not JSON"):
        read(packed)


def test_a_damaged_file_is_one_sentence() -> None:
    """Nothing can be unpacked: what was wrong is the error."""
    for packed in (gzip.compress(b"{}")[:-8] + b"x" * 8, b"\x28\xb5\x2f\xfd" + b"x" * 50):
        with pytest.raises(UnreadableTrace, match=r"it can't be unpacked|it is neither"):
            read(packed)


def test_without_a_library_for_zstd_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Below Python 3.14 the library is an extra."""
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name in {"backports", "compression", "compression.zstd", "backports.zstd"}:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnreadableTrace, match="install `backports-zstd`"):
        read(zstd.compress(b"{}"))


class _Slow(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 1) if size >= 0 else 1)


def test_a_pipe_may_give_few_bytes_at_a_time(otlp: Any) -> None:
    """The format is recognised by the first bytes, however they arrive."""
    data = json.dumps(otlp()).encode()
    for packed in (data, gzip.compress(data)):
        assert read_stream(_Slow(packed)) == read(data)  # type: ignore[arg-type]
