"""OTLP JSON as structs for msgspec: what the collector and the SDKs write, and nothing else.

https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""
# ruff: noqa: D101  each is the message of its name

from __future__ import annotations

import msgspec


class Strict(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What holds a field that is not declared here is left to the tolerant reader."""


class Value(Strict):
    stringValue: str | None = None
    intValue: int | None = None
    boolValue: bool | None = None
    doubleValue: float | None = None
    arrayValue: Values | None = None
    kvlistValue: Pairs | None = None


class Values(Strict):
    values: list[Value] = []


class Pair(Strict):
    key: str
    value: Value | None = None


class Pairs(Strict):
    values: list[Pair] = []


class OtlpEvent(Strict):
    timeUnixNano: int = 0
    name: str = ""
    attributes: list[Pair] = []
    droppedAttributesCount: int = 0


class OtlpLink(Strict):
    traceId: str
    spanId: str
    traceState: str = ""
    attributes: list[Pair] = []
    droppedAttributesCount: int = 0
    flags: int = 0


class OtlpStatus(Strict):
    message: str = ""
    code: int = 0


class OtlpSpan(Strict):
    traceId: str
    spanId: str
    startTimeUnixNano: int
    name: str = ""
    parentSpanId: str = ""
    kind: int = 0
    endTimeUnixNano: int = 0
    attributes: list[Pair] = []
    events: list[OtlpEvent] = []
    links: list[OtlpLink] = []
    status: OtlpStatus | None = None
    traceState: str = ""
    flags: int = 0
    droppedAttributesCount: int = 0
    droppedEventsCount: int = 0
    droppedLinksCount: int = 0


class Scope(msgspec.Struct, gc=False):
    name: str = ""


class ScopeSpans(Strict):
    spans: list[OtlpSpan] = []
    scope: Scope | None = None
    schemaUrl: str = ""


class Resource(msgspec.Struct, gc=False):
    attributes: list[Pair] = []


class ResourceSpans(Strict):
    scopeSpans: list[ScopeSpans]
    resource: Resource | None = None
    schemaUrl: str = ""


class Document(Strict):
    resourceSpans: list[ResourceSpans]
