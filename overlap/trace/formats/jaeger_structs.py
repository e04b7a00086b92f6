"""Jaeger's JSON as structs for msgspec: what Jaeger's query service writes.

Fields that are not declared here, such as `flags` and `warnings`, are ignored.
"""
# ruff: noqa: D101  each is the object of its name

from __future__ import annotations

from typing import Literal

import msgspec


class Tag(msgspec.Struct, gc=False):
    key: str
    value: str | bool | int | float | None = None
    type: str = ""


class Reference(msgspec.Struct, gc=False):
    refType: Literal["CHILD_OF"]
    traceID: str
    spanID: str


class Log(msgspec.Struct, gc=False):
    timestamp: int
    fields: list[Tag] | None = None


class JaegerSpan(msgspec.Struct, gc=False):
    traceID: str
    spanID: str
    operationName: str
    startTime: int
    duration: int
    processID: str
    references: list[Reference] | None = None
    tags: list[Tag] | None = None
    logs: list[Log] | None = None
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
