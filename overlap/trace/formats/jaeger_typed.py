"""Read Jaeger's JSON fast: one line decoded by msgspec into typed structs, as `otlp_typed` does.

It reads what Jaeger's query service writes. Whatever else (short ids, several references, logs,
values of another type than their tag says) raises msgspec.ValidationError or Unusual, and the
tolerant reader in `jaeger_json` takes the line instead. Both give the same spans.
"""
# ruff: noqa: D101  each is the object of its name

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

import msgspec

from overlap.names import SERVICE_NAME
from overlap.trace.formats.otlp_typed import Unusual, check_ids_of
from overlap.trace.json_fields import MAX_TIME_NS, NOTHING
from overlap.trace.model import KINDS, Attributes, AttributeValue, Kind, Span

_NS_PER_US = 1000
_KINDS: dict[AttributeValue, Kind] = {kind: kind for kind in KINDS}
_TYPES = {"string": str, "bool": bool, "int64": int}
_FIELDS = (
    "otel.status_code", "otel.status_description", "otel.scope.name", "otel.library.name", "error",
)  # fmt: skip


class Tag(msgspec.Struct, gc=False):
    key: str
    value: str | bool | int | float | None = None
    type: str = ""


class Reference(msgspec.Struct, gc=False):
    refType: Literal["CHILD_OF"]
    traceID: str
    spanID: str


class JaegerSpan(msgspec.Struct, gc=False):
    traceID: str
    spanID: str
    operationName: str
    startTime: int
    duration: int
    processID: str
    references: list[Reference] | None = None
    tags: list[Tag] | None = None
    logs: list[int] | None = None
    """Only of no length: those of a span go to the tolerant reader."""
    process: None = None
    parentSpanID: Literal[""] = ""


class Process(msgspec.Struct, gc=False):
    serviceName: str
    tags: list[Tag] | None = None


class JaegerTrace(msgspec.Struct, gc=False):
    spans: list[JaegerSpan]
    processes: dict[str, Process]


class Document(msgspec.Struct, gc=False):
    data: list[JaegerTrace]


class JaegerReader:
    """Read line after line."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Document).decode

    def spans(self, line: bytes) -> list[Span]:
        """Return the spans of one line. Raises Unusual or msgspec.MsgspecError."""
        traces = self._decode(line).data
        if not traces:
            raise Unusual
        return [span for trace in traces for span in _spans(trace)]


@cache
def reader() -> JaegerReader:
    """Return the reader; it keeps nothing of what it read."""
    return JaegerReader()


def _spans(trace: JaegerTrace) -> Iterator[Span]:
    processes = {key: _process(process) for key, process in trace.processes.items()}
    parents = [_parent(one) for one in trace.spans]
    check_ids_of(
        [one.traceID for one in trace.spans],
        [*[one.spanID for one in trace.spans], *[parent for parent in parents if parent]],
    )
    for one, parent in zip(trace.spans, parents, strict=True):
        start, end = one.startTime, one.startTime + one.duration
        if one.processID not in processes or one.logs or not 0 <= start <= MAX_TIME_NS:
            raise Unusual
        service, resource = processes[one.processID]
        tags = _tags(one.tags)
        if any(key in tags for key in _FIELDS):
            raise Unusual  # what OTLP has a field for
        kind = tags.pop("span.kind", None)
        yield Span(
            one.traceID,
            one.spanID,
            one.operationName,
            start * _NS_PER_US,
            end * _NS_PER_US or None,
            parent,
            _KINDS.get(kind.lower() if isinstance(kind, str) else kind, "internal"),
            service,
            tags or NOTHING,
            resource,
        )


def _parent(one: JaegerSpan) -> str | None:
    if not one.references:
        return None
    if len(one.references) > 1 or one.references[0].traceID != one.traceID:
        raise Unusual
    return one.references[0].spanID


def _process(process: Process) -> tuple[str, Attributes]:
    if not process.serviceName:
        raise Unusual
    return process.serviceName, {SERVICE_NAME: process.serviceName, **_tags(process.tags)}


def _tags(tags: list[Tag] | None) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for tag in tags or ():
        if type(tag.value) is not _TYPES.get(tag.type):
            raise Unusual
        found[tag.key] = tag.value
    return found
