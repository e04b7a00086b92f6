"""Encode spans and log records as OTLP, to the same messages as the SDK does.

Source: opentelemetry/proto/{trace,logs}/v1/*.proto. A comment names the field of each tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common._internal import (
    _encode_instrumentation_scope,
    _encode_resource,
)
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status, StatusCode

from overlap.telemetry.export import secrets
from overlap.telemetry.export.protobuf_wire import (
    any_value,
    attributes,
    fixed32,
    fixed64,
    sized,
    utf8,
    varint,
)

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200
_FLAGS = {
    remote: fixed32(_HAS_IS_REMOTE | (_IS_REMOTE if remote else 0)) for remote in (False, True)
}


_NO_STATUS = b"\x7a\x00"


class Packed(bytes):
    """An encoded span or log record, after the number of its resource and scope.

    It is only bytes, which the garbage collector does not traverse.
    """

    __slots__ = ()


_sources: list[tuple[Any, Any]] = []
"""Pairs of resource and scope: one for each name of a tracer or logger in the process."""
_numbers: dict[tuple[int, Any], bytes] = {}
_NUMBER = 4
"""Length of the number, in bytes."""
_recent: dict[tuple[int, int], tuple[bytes, Any]] = {}
_MAX_RECENT = 256


def pack_span(span: ReadableSpan, resource: Resource | None = None) -> Packed:
    """Pack a span that has ended, by default with its own resource."""
    return Packed(_source(resource or span._resource, span._instrumentation_scope) + _span(span))


def pack_record(item: ReadableLogRecord, resource: Resource | None = None) -> Packed:
    """Pack a log record, by default with its own resource."""
    return Packed(_source(resource or item.resource, item.instrumentation_scope) + _record(item))


def _source(resource: Any, scope: Any) -> bytes:
    # By identity: hashing a resource encodes it as JSON, and hashing a scope is Python code. The
    # cached objects are kept alive, so that no other object gets the same id().
    found = _recent.get((id(resource), id(scope)))
    if found is not None:
        return found[0]
    # Each get_tracer() creates a new scope.
    key = (id(resource), scope)
    number = _numbers.get(key)
    if number is None:
        _sources.append((resource, scope))
        number = _numbers[key] = (len(_sources) - 1).to_bytes(_NUMBER)
    if len(_recent) < _MAX_RECENT:
        _recent[id(resource), id(scope)] = (number, scope)
    return number


def encode_spans(spans: Sequence[ReadableSpan]) -> bytes:
    """Return the spans as an ExportTraceServiceRequest."""
    return bundle(map(pack_span, spans))


def encode_logs(batch: Sequence[ReadableLogRecord]) -> bytes:
    """Return the records as an ExportLogsServiceRequest."""
    return bundle(map(pack_record, batch))


def bundle(items: Iterable[Packed]) -> bytes:
    """Return the request with these items: spans and log records nest in the same way.

    The fields of a resource: resource 1, scopes 2, schema 3; of a scope: scope 1, items 2,
    schema 3.
    """
    resources: dict[int, tuple[Any, dict[Any, list[bytes]]]] = {}
    for item in items:
        resource, scope = _sources[int.from_bytes(item[:_NUMBER])]
        _, scopes = resources.setdefault(id(resource), (resource, {}))
        scopes.setdefault(scope or None, []).append(item[_NUMBER:])
    parts: list[bytes] = []
    for resource, scopes in resources.values():
        body = b"\x0a" + sized(_encode_resource(resource).SerializeToString())
        for scope, encoded in scopes.items():
            body += b"\x12" + sized(
                b"\x0a"
                + sized(_encode_instrumentation_scope(scope).SerializeToString())
                + b"".join(b"\x12" + sized(each) for each in encoded)
                + _text(b"\x1a", scope.schema_url if scope else None)
            )
        parts.append(b"\x0a" + sized(body + _text(b"\x1a", resource.schema_url)))
    return b"".join(parts)


def _span(span: ReadableSpan) -> bytes:
    trace_id, span_id, _, _, state, _ = span._context  # type: ignore[misc]
    parent, status = span._parent, span._status
    parts = [b"\x0a\x10", trace_id.to_bytes(16), b"\x12\x08", span_id.to_bytes(8)]
    if state:
        text = ",".join(f"{key}={value}" for key, value in state.items())
        parts.append(_text(b"\x1a", text))  # trace_state
    if parent:
        parts += (b"\x22\x08", parent.span_id.to_bytes(8))  # parent_span_id
    parts += (
        _named(span._name, span._kind._value_),
        b"\x39",  # start_time_unix_nano
        fixed64(span._start_time or 0),
        b"\x41",  # end_time_unix_nano
        fixed64(span._end_time or 0),
        *attributes(b"\x4a", span._attributes),  # without the copy of span.attributes: it has ended
    )
    # Not by span.dropped_attributes and its like: each checks the type against an abstract class.
    parts.append(_count(b"\x50", getattr(span._attributes, "dropped", 0)))
    events: Any = span._events
    if events or getattr(events, "dropped", 0):
        parts += (b"\x5a" + sized(_event(event)) for event in events)
        parts.append(_count(b"\x60", span.dropped_events))
    links: Any = span._links
    if links or getattr(links, "dropped", 0):
        parts += (b"\x6a" + sized(_link(link)) for link in links)
        parts.append(_count(b"\x70", span.dropped_links))
    parts += (
        _NO_STATUS if status.status_code is StatusCode.UNSET else _status(status),
        b"\x85\x01",  # flags
        _FLAGS[bool(parent and parent.is_remote)],
    )
    return b"".join(parts)


@lru_cache(maxsize=1024)
def _named(name: str, kind: int) -> bytes:
    # name; kind, which OTLP counts from one
    return b"\x2a" + sized(utf8(secrets.current.text(name))) + b"\x30" + varint(kind + 1)


def _status(status: Status) -> bytes:
    # status: message 2, code 3
    encoded = _text(b"\x12", secrets.current.description(status.description)) + _count(
        b"\x18", status.status_code.value
    )
    return b"\x7a" + sized(encoded)


def _event(event: Event) -> bytes:
    return b"".join(
        (
            b"\x09",  # time_unix_nano
            fixed64(event.timestamp),
            _text(b"\x12", secrets.current.text(event.name)),
            *attributes(b"\x1a", event.attributes),
            _count(b"\x20", event.dropped_attributes),
        )
    )


def _link(link: Link) -> bytes:
    return b"".join(
        (
            b"\x0a\x10",  # trace_id
            link.context.trace_id.to_bytes(16),
            b"\x12\x08",  # span_id
            link.context.span_id.to_bytes(8),
            *attributes(b"\x22", link.attributes),
            _count(b"\x28", link.dropped_attributes),
            b"\x35",  # flags
            _FLAGS[link.context.is_remote],
        )
    )


def _record(item: ReadableLogRecord) -> bytes:
    record = item.log_record
    return b"".join(_record_parts(item, record))


def _record_parts(item: ReadableLogRecord, record: Any) -> Iterable[bytes]:
    yield b"\x09" + fixed64(record.timestamp or 0)  # time_unix_nano
    yield _count(b"\x10", getattr(record.severity_number, "value", 0))
    yield _text(b"\x1a", record.severity_text)
    yield b"\x2a" + sized(any_value(record.body))
    yield from attributes(b"\x32", record.attributes)
    yield _count(b"\x38", item.dropped_attributes)
    yield b"\x45" + fixed32(int(record.trace_flags or 0))  # flags
    if record.trace_id:
        yield b"\x4a\x10" + record.trace_id.to_bytes(16)
    if record.span_id:
        yield b"\x52\x08" + record.span_id.to_bytes(8)
    yield b"\x59" + fixed64(record.observed_timestamp or 0)  # observed_time_unix_nano
    yield _text(b"\x62", record.event_name)


def _text(tag: bytes, text: str | None) -> bytes:
    return tag + sized(utf8(text)) if text else b""


def _count(tag: bytes, number: int) -> bytes:
    return tag + varint(number) if number else b""
