"""Read Jaeger's JSON fast: one line decoded by msgspec into typed structs, as `otlp_typed` does.

It reads what Jaeger's query service writes. Whatever else (short ids, several references,
values of another type than their tag says) raises msgspec.ValidationError or Unusual, and the
tolerant reader in `jaeger_json` takes the line instead. Both give the same spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
from msgspec.structs import astuple, replace

from overlap.names import SERVICE_NAME
from overlap.trace.formats.jaeger_json import status, word
from overlap.trace.formats.jaeger_structs import Document, JaegerTrace, Log, Process, Tag
from overlap.trace.formats.otlp_typed import MOST_KEPT, Unusual, check_ids_of
from overlap.trace.json_fields import MAX_TIME_NS, NOTHING
from overlap.trace.model import KINDS, Attributes, AttributeValue, Event, Kind, Span

_NS_PER_US = 1000
_KINDS: dict[AttributeValue, Kind] = {kind: kind for kind in KINDS}
_TYPES = {"string": str, "bool": bool, "int64": int, "float64": float}
_FIELDS = frozenset(
    {"otel.status_code", "otel.status_description", "otel.scope.name", "otel.library.name", "error"}
)


class JaegerReader:
    """Read line after line; names are kept once."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Document).decode
        self._names: dict[str, str] = {}

    def spans(self, line: bytes) -> list[Span]:
        """Return the spans of one line. Raises Unusual or msgspec.MsgspecError."""
        traces = self._decode(line).data
        if not traces:
            raise Unusual
        if len(self._names) > MOST_KEPT:
            self._names.clear()
        if len(traces) == 1:
            return _spans(traces[0], self._names)
        return [span for trace in traces for span in _spans(trace, self._names)]


@cache
def reader() -> JaegerReader:
    """Return the reader; but for names, it keeps nothing of what it read."""
    return JaegerReader()


def _spans(trace: JaegerTrace, names: dict[str, str]) -> list[Span]:
    """Return the spans of a trace. Equal names, and equal ids, become one object."""
    processes = {key: _process(process) for key, process in trace.processes.items()}
    found: list[Span] = []
    first = ""
    others: set[str] = set()
    ids: list[str] = []
    above = ""
    for one in trace.spans:
        trace_id, span_id, name, begun, lasted, process, references, tags, logs, _, _ = astuple(one)
        if trace_id == first:
            trace_id = first
        elif first:
            others.add(trace_id)
        else:
            first = trace_id
        ids.append(span_id)
        parent = None
        if references:
            if len(references) > 1 or references[0].traceID != trace_id:
                raise Unusual
            parent = references[0].spanID
            if parent != above:  # siblings often follow one another
                ids.append(parent)
                above = parent
            parent = above
        place = processes.get(process)
        end = (begun + lasted) * _NS_PER_US
        if place is None or begun < 0 or lasted < 0 or end > MAX_TIME_NS:
            raise Unusual
        kind: Kind = "internal"
        attributes: dict[str, AttributeValue] = {}
        if tags:
            attributes = _tags(tags)
            if (named := attributes.pop("span.kind", None)) is not None:
                kind = _kind(named)
        span = Span(
            trace_id,
            span_id,
            names.setdefault(name, name),
            begun * _NS_PER_US,
            end or None,
            parent,
            kind,
            place[0],
            attributes or NOTHING,
            place[1],
        )
        if logs or not _FIELDS.isdisjoint(attributes):
            span = _with_fields(span, attributes, logs or ())
        found.append(span)
    if found:
        check_ids_of([first, *others], ids)
    return found


def _kind(value: AttributeValue) -> Kind:
    if isinstance(value, str) and value not in _KINDS:
        value = value.lower()
    return _KINDS.get(value, "internal")


def _with_fields(span: Span, tags: dict[str, AttributeValue], logs: Sequence[Log]) -> Span:
    """Return the span with its events, and with what is a tag for Jaeger and a field for OTLP."""
    return replace(
        span,
        status=status(tags),
        status_message=word(tags.pop("otel.status_description", None)),
        scope=word(tags.pop("otel.scope.name", None)) or word(tags.pop("otel.library.name", None)),
        events=tuple(map(_event, logs)),
        attributes=tags or NOTHING,
    )


def _event(log: Log) -> Event:
    if not 0 <= log.timestamp * _NS_PER_US <= MAX_TIME_NS:
        raise Unusual
    fields = _tags(log.fields)
    name = word(fields.pop("event", None)) or word(fields.pop("message", None))
    return Event(name, log.timestamp * _NS_PER_US, fields)


def _process(process: Process) -> tuple[str, Attributes]:
    if not process.serviceName:
        raise Unusual
    return process.serviceName, {SERVICE_NAME: process.serviceName, **_tags(process.tags)}


def _tags(tags: list[Tag] | None) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for tag in tags or ():
        value = tag.value
        if type(value) is not _TYPES.get(tag.type):
            if tag.type != "float64" or type(value) is not int:
                raise Unusual
            value = float(value)  # Go writes 42.0 without its point
        found[tag.key] = value
    return found
