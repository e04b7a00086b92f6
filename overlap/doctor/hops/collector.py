"""Checks that the OTLP endpoint accepts each of the three signals."""

from __future__ import annotations

import os

import httpx
from google.protobuf.message import Message

from overlap.doctor.context import TRACE_STATE, Context, why
from overlap.doctor.finding import Broken
from overlap.doctor.probe_telemetry import samples
from overlap.telemetry.export.answers import rejected

_PROTOBUF = "application/x-protobuf"
_BUSY = (429, 503)
_GRPC_PORT = 4317


async def look(context: Context) -> str:
    """Send one span, one log record and one metric point to each endpoint."""
    failed: list[Broken] = []
    for endpoint in context.endpoints:
        try:
            for signal, message in samples(context.sent, TRACE_STATE).items():
                await _send(context, endpoint, signal, message)
        except Broken as error:
            failed.append(error)
    if not failed:
        at = " and ".join(context.endpoints)
        return f"a span, a log record and a metric were accepted at {at}"
    if len(failed) == len(context.endpoints):
        raise failed[0]
    raise Broken(
        f"{len(failed)} of {len(context.endpoints)} gateways fail: {failed[0]}",
        f"{failed[0].do}; this is the first tier: while the proxy leaves that gateway out, the "
        "others receive everything, and what it has accepted waits on its disk",
    )


def _may_be_grpc(endpoint: str) -> bool:
    asked = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
    return asked or endpoint.endswith(f":{_GRPC_PORT}")


async def _send(context: Context, endpoint: str, signal: str, message: Message) -> None:
    try:
        answer = await context.client.post(
            f"{endpoint}/v1/{signal}",
            content=message.SerializeToString(),
            headers={"content-type": _PROTOBUF},
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if isinstance(error, httpx.RemoteProtocolError) and _may_be_grpc(endpoint):
            raise Broken(
                f"{endpoint} does not answer OTLP/HTTP ({why(error)}): it may receive by gRPC",
                "Overlap sends OTLP/HTTP, whatever OTEL_EXPORTER_OTLP_PROTOCOL says: set "
                "OTEL_EXPORTER_OTLP_ENDPOINT to the receiver's port for HTTP, 4318 as a rule",
            ) from None
        raise Broken(
            f"nothing receives telemetry at {endpoint} ({why(error)})",
            "start the collector (`docker compose up`, `make stack`) or `overlap pocket`, "
            "or set OTEL_EXPORTER_OTLP_ENDPOINT",
        ) from None
    if answer.status_code in _BUSY:
        raise Broken(
            f"{endpoint} accepts no {signal} at the moment: it answered {answer.status_code}",
            "the collector's queue is full, or its memory_limiter at its limit: see its log, and "
            "whether the backend behind it answers",
        )
    if not answer.is_success:
        raise Broken(
            f"{endpoint} does not accept {signal}: it answered {answer.status_code}",
            f"the collector needs the receiver otlp, over HTTP, in a pipeline for {signal}",
        )
    # Whatever the response says of its type: we asked in protobuf.
    count, why_not = rejected(signal, answer.content, _PROTOBUF)
    if count:
        refused = why_not or f"{count} items"
        raise Broken(f"{endpoint} rejected our {signal}: {refused}", "the collector's log says why")
