"""One way in for every format: tells them apart by what is there, not by a file's name."""

from __future__ import annotations

import json
from collections.abc import Iterator

from overlap.errors import UnreadableTrace
from overlap.trace import jaeger_json, otlp_json, otlp_proto
from overlap.trace.grouping import group
from overlap.trace.json_fields import Misread, is_object, show
from overlap.trace.model import Span, Trace

_BLANK = " \t\r\n\x1e"
"""What may stand between JSON texts; the last is RFC 7464's record separator."""


def read(data: bytes, *, source: str = "input", empty_ok: bool = False) -> list[Trace]:
    """Every trace in `data`, in order of first appearance.

    Takes OTLP JSON (bare, in `result` as Jaeger's v3 API answers, an object a
    line or one after the other, or an array of objects), OTLP protobuf, and the
    JSON that Jaeger's UI downloads. Time and memory are linear in `data`.

    Raises UnreadableTrace, with `source` and where known the line, where the
    input can't be read or, unless `empty_ok`, holds no span.
    """
    try:
        traces = _read(data)
    except UnreadableTrace as error:
        raise UnreadableTrace(f"{source}: {error}") from None
    if not traces and not empty_ok:
        raise UnreadableTrace(f"{source}: there is no span in it")
    return traces


def _read(data: bytes) -> list[Trace]:
    if not data.strip():
        raise UnreadableTrace("it is empty")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1] not in (b"{", b"["):
        return _read_protobuf(data)
    try:
        return group(_json_spans(data))
    except UnreadableTrace:
        # Protobuf too may begin like this: its first tag is a line feed, and "{" a length of 123.
        if data.startswith(b"\n"):
            try:
                return _read_protobuf(data)
            except UnreadableTrace:
                pass
        raise


def _read_protobuf(data: bytes) -> list[Trace]:
    try:
        message = otlp_proto.parse(data)
    except UnreadableTrace:
        raise UnreadableTrace("it is neither JSON nor OTLP protobuf") from None
    return group(otlp_proto.spans_from_request(message))


def _json_spans(data: bytes) -> Iterator[Span]:
    for line, value in _documents(data):
        try:
            for message in value if isinstance(value, list) else (value,):
                yield from _message_spans(message)
        except Misread as error:
            raise UnreadableTrace(f"line {line}: {error}") from None


def _message_spans(message: object) -> Iterator[Span]:
    if not is_object(message):
        raise Misread(f"{show(message)} is not a JSON object")
    if otlp_json.is_otlp(message):
        return otlp_json.spans(message)
    if jaeger_json.is_jaeger(message):
        return jaeger_json.spans(message)
    error = message.get("error")
    if is_object(error) and isinstance(error.get("message"), str):
        raise Misread(f"it is an error, not a trace: {show(error['message'])}")
    raise Misread("it has neither resourceSpans (OTLP) nor data (Jaeger)")


def _documents(data: bytes) -> Iterator[tuple[int, object]]:
    """Each JSON text in `data` with the line on which it begins."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableTrace(f"line {line}: it is not UTF-8") from None
    decoder = json.JSONDecoder()
    place, line, counted = 0, 1, 0
    while (place := _skip_blank(text, place)) < len(text):
        line += text.count("\n", counted, place)
        counted = place
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            line += text.count("\n", counted, error.pos)
            raise UnreadableTrace(f"line {line}: it is not JSON: {error.msg}") from None
        except RecursionError:
            raise UnreadableTrace(f"line {line}: it nests too deep") from None
        except ValueError:  # Python's own limit on the digits of a number
            raise UnreadableTrace(f"line {line}: a number in it is too long") from None
        yield line, value


def _skip_blank(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place
