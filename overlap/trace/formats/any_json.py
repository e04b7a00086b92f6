"""Read one parsed document in any of the JSON formats, recognised by its keys."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.trace.formats import console_json, jaeger_json, otlp_json, zipkin_json
from overlap.trace.formats.foreign import foreign
from overlap.trace.json_fields import Misread, is_object, show
from overlap.trace.left_out import LeftOut
from overlap.trace.model import Span

_UNKNOWN = (
    "it has neither resourceSpans (OTLP, Tempo) nor data (Jaeger), and is no span of Zipkin "
    "or of the SDK's console exporter"
)


def spans(value: object, left_out: LeftOut, place: str) -> Iterator[Span]:
    """Yield the spans of one document: an object, or arrays of objects."""
    for each in value if isinstance(value, list) else (value,):
        for message in each if isinstance(each, list) else (each,):
            try:
                yield from _object_spans(message, left_out, place)
            except Misread as error:
                left_out.part(f"{place}{error}")


def _object_spans(message: object, left_out: LeftOut, place: str) -> Iterator[Span]:
    if not is_object(message):
        raise Misread(f"{show(message)} is not a JSON object")
    if zipkin_json.is_zipkin(message):
        return zipkin_json.spans(message, left_out, place)
    if console_json.is_console(message):
        return console_json.spans(message, left_out, place)
    if otlp_json.is_otlp(message):
        return otlp_json.spans(message, left_out, place)
    if (known := foreign(message)) is not None:
        raise Misread(known)
    if jaeger_json.is_jaeger(message):
        return jaeger_json.spans(message, left_out, place)
    error = message.get("error")
    if is_object(error) and isinstance(error.get("message"), str):
        raise Misread(f"it is an error, not a trace: {show(error['message'])}")
    raise Misread(_UNKNOWN)
