"""Read traces in any known format, recognised by the content and not by a file's name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

import msgspec

from overlap.errors import UnreadableTrace
from overlap.trace.formats.otlp_typed import TypedReader, Unusual
from overlap.trace.grouping import group
from overlap.trace.left_out import LeftOut
from overlap.trace.model import Span, Trace
from overlap.trace.unpacking import is_framed, messages, opened

_BLANK = b"\xef\xbb\xbf \t\r\n\x1e"
_JSON = (b"{", b"[")
_OBJECT = b'{"'
_JAEGER = b'{"data"'
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"[\0", b"\0{\0", b"\0[\0")
_NEITHER = "it is neither JSON nor OTLP protobuf"


def read(data: bytes, *, source: str = "input", empty_ok: bool = False) -> list[Trace]:
    """Return every trace in `data`; see `read_stream`."""
    return read_stream(io.BytesIO(data), source=source, empty_ok=empty_ok)


def read_stream(stream: IO[bytes], *, source: str = "input", empty_ok: bool = False) -> list[Trace]:
    """Return every trace in a stream, in order of first appearance.

    Reads OTLP as JSON (bare or wrapped by Jaeger's v3 API, Tempo or Grafana; an object a line,
    one after another, or in an array) and as protobuf (bare, or with lengths as the collector's
    file exporter writes), Jaeger's and Zipkin's JSON, and what the SDK's console exporter
    prints; all of them also packed with gzip or zstd. Time is linear in the input; JSON lines
    are read one by one, so that memory is that of the spans.

    What can't be read is left out and counted in the `warnings` of the traces. Raises
    UnreadableTrace, with `source` and where known the line, where nothing is left and something
    was wrong, or, unless `empty_ok`, where there is no span.
    """
    left_out = LeftOut()
    try:
        traces = group(spans_of(stream, left_out), left_out)
    except UnreadableTrace as error:
        raise UnreadableTrace(f"{source}: {error}") from None
    if not traces and left_out.first:
        raise UnreadableTrace(f"{source}: {left_out.first}")
    if not traces and not empty_ok:
        raise UnreadableTrace(f"{source}: there is no span in it")
    return traces


def spans_of(packed: IO[bytes], left_out: LeftOut) -> Iterator[Span]:
    """Yield every span of a stream as it is read; what can't be read is counted in `left_out`.

    Raises UnreadableTrace where the whole stream is in no known format.
    """
    return chain.from_iterable(batches_of(packed, left_out, TypedReader()))


def batches_of(
    packed: IO[bytes], left_out: LeftOut, typed: TypedReader
) -> Iterator[Iterable[Span]]:
    """Yield the spans as `spans_of` does, those of a line together: for who reads many streams.

    typed: reads the lines that it can; it keeps what recurs from one stream to the next.
    """
    head, stream = opened(packed, left_out.part)
    if is_framed(head):
        for number, message in enumerate(messages(stream, left_out.part), start=1):
            yield from _message_spans(message, left_out, f"message {number}: ", typed)
    elif head.startswith(_UTF_16):
        yield from _json_spans(io.BytesIO(_from_utf_16(stream.read())), left_out, typed)
    elif head.lstrip(_BLANK).startswith(_JSON) and not head.startswith(b"\n"):
        yield from _json_spans(stream, left_out, typed)
    else:
        yield from _unclear_spans(stream.read(), left_out, typed)


def document_spans(data: bytes, typed: TypedReader) -> list[Span] | None:
    """Return the spans of a small file that is one JSON document in one line, as most are.

    Return None for any other: `batches_of` reads that.
    """
    if not data.startswith(_OBJECT) or b"\n" in data[:-1]:
        return None
    return _typed_spans(data, typed)


def _message_spans(
    message: bytes, left_out: LeftOut, place: str, typed: TypedReader
) -> Iterator[Iterable[Span]]:
    """Yield the spans of one message of the file exporter: JSON or protobuf, maybe packed."""
    head, stream = opened(io.BytesIO(message), left_out.part)
    if head.startswith(_JSON):
        yield from _json_spans(stream, left_out, typed)
        return
    try:
        yield [*_protobuf_spans(stream.read(), left_out, place)]
    except UnreadableTrace as error:
        left_out.part(f"{place}{error}")


def _unclear_spans(data: bytes, left_out: LeftOut, typed: TypedReader) -> Iterator[Iterable[Span]]:
    """Yield the spans of protobuf, or of JSON behind blank lines or a log's lines."""
    if not data.strip(_BLANK):
        raise UnreadableTrace(left_out.first or "it is empty")
    from overlap.trace.formats.foreign import HTML, is_html

    if is_html(data):
        raise UnreadableTrace(HTML)
    begins = data.lstrip(_BLANK).startswith(_JSON)
    try:
        # Protobuf may begin as JSON does: its first tag is a line feed, and "{" a length of 123.
        found = list(_protobuf_spans(data, left_out, ""))
    except UnreadableTrace:
        found = []
    if found or not (begins or b"\n{" in data or b"\n[" in data):
        if not found and not left_out.first:
            raise UnreadableTrace(_NEITHER)
        yield found
        return
    yield from _json_spans(io.BytesIO(data), left_out, typed)


def _protobuf_spans(data: bytes, left_out: LeftOut, place: str) -> Iterator[Span]:
    from overlap.trace.formats import otlp_proto  # protobuf's import takes a while

    return otlp_proto.spans_from_request(otlp_proto.parse(data), left_out, place)


def _from_utf_16(data: bytes) -> bytes:
    encoding = "utf-16"  # by its byte order mark
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16-be" if data.startswith(b"\0") else "utf-16-le"
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise UnreadableTrace("it looks like UTF-16 and can't be decoded: use UTF-8") from None


def _json_spans(
    lines: IO[bytes], left_out: LeftOut, typed: TypedReader
) -> Iterator[Iterable[Span]]:
    """Yield the spans of JSON: line by line as long as lines are documents, then as text."""
    for number, line in enumerate(lines, start=1):
        if (found := _typed_spans(line, typed)) is not None:
            yield found
            continue
        if not line.strip(_BLANK):
            continue
        try:
            value = json.loads(line.strip(_BLANK))
        except (ValueError, RecursionError):
            yield _text_spans(line + lines.read(), number, left_out)
            return
        from overlap.trace.formats import any_json  # few inputs need it, and it takes a while

        yield any_json.spans(value, left_out, f"line {number}: ")


def _typed_spans(line: bytes, typed: TypedReader) -> list[Span] | None:
    """Return the spans of OTLP's or Jaeger's JSON; None for what a tolerant reader is to read."""
    try:
        if line.startswith(_JAEGER):
            from overlap.trace.formats.jaeger_typed import reader  # few inputs need it

            return reader().spans(line)
        return typed.spans(line)
    except (Unusual, msgspec.MsgspecError, RecursionError):
        return None


def _text_spans(data: bytes, first_line: int, left_out: LeftOut) -> Iterator[Span]:
    from overlap.trace.documents import NotJson, documents
    from overlap.trace.formats import any_json

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        left_out.first = left_out.first or f"line {line}: it is not UTF-8"
        text = data.decode("utf-8-sig", "replace")
    for line, value in documents(text, first_line):
        if isinstance(value, NotJson):
            left_out.part(f"line {line}: {value}")
        else:
            yield from any_json.spans(value, left_out, f"line {line}: ")
