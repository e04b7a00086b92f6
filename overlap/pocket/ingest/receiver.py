"""The endpoints of OTLP/HTTP: traces, logs and metrics, as protobuf or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no hints
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from overlap.pocket.ingest import request_body
from overlap.pocket.ingest.decoding import JSON, PROTOBUF, decode
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.span_batch import take_apart
from overlap.pocket.storage.store import Store

T = TypeVar("T")

# Larger bodies are parsed in a thread; for smaller ones the hop costs more than the parsing.
_INLINE_BYTES = 256 * 1024
_GRPC_CODES = {400: 3, 405: 12, 413: 8, 415: 3}


def routes(
    store: Store, telemetry: Telemetry, limits: request_body.Limits | None = None
) -> list[Route]:
    """Return the three endpoints of OTLP/HTTP."""
    limits = limits or request_body.Limits()

    async def traces(request: Request) -> Response:
        data = await _read(request, limits)
        batch = await off_loop(
            data,
            lambda: take_apart(
                decode(data, ExportTraceServiceRequest(), _content_type(request)), store.origins
            ),
        )
        rejected = batch.rejected
        dropped = store.add(batch)
        answer = ExportTraceServiceResponse()
        if dropped:
            answer.partial_success.rejected_spans = dropped
            answer.partial_success.error_message = rejection(rejected, dropped - rejected)
        return _encoded(request, answer)

    async def logs(request: Request) -> Response:
        data = await _read(request, limits)
        message = await off_loop(
            data, lambda: decode(data, ExportLogsServiceRequest(), _content_type(request))
        )
        store.counts.logs += telemetry.add_logs(message)
        return _encoded(request, ExportLogsServiceResponse())

    async def metrics(request: Request) -> Response:
        data = await _read(request, limits)
        message = await off_loop(
            data, lambda: decode(data, ExportMetricsServiceRequest(), _content_type(request))
        )
        store.counts.points += telemetry.add_metrics(message)
        return _encoded(request, ExportMetricsServiceResponse())

    return [
        _route("/v1/traces", traces, store),
        _route("/v1/logs", logs, store),
        _route("/v1/metrics", metrics, store),
    ]


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], store: Store) -> Route:
    async def guarded(request: Request) -> Response:
        try:
            if request.method != "POST":
                raise request_body.Refused(405, f"{path} accepts POST only")
            return await endpoint(request)
        except request_body.Refused as error:
            store.counts.refused_requests += 1
            return _refusal(request, error)
        except ClientDisconnect:
            store.counts.refused_requests += 1
            return PlainTextResponse("the client disconnected\n", 400)

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Route(path, guarded, methods=every)


async def _read(request: Request, limits: request_body.Limits) -> bytes:
    kind = _content_type(request)
    if kind not in (PROTOBUF, JSON):  # checked before the body is read
        raise request_body.Refused(
            415, f"content type {kind[:60]!r} is neither {PROTOBUF} nor {JSON}"
        )
    return await request_body.read(
        request.stream(),
        encoding=request.headers.get("content-encoding", ""),
        announced=request.headers.get("content-length"),
        limits=limits,
    )


async def off_loop(data: bytes, work: Callable[[], T]) -> T:
    """Return what `work` makes of a body, in a thread if the body is large."""
    return work() if len(data) <= _INLINE_BYTES else await asyncio.to_thread(work)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def rejection(malformed: int, dropped: int) -> str:
    """Return why spans were rejected, as a sentence for the exporter."""
    reasons = []
    if malformed:
        reasons.append(f"{malformed} without a trace id of 16 bytes and a span id of 8")
    if dropped:
        reasons.append(f"{dropped} of a trace that is too large to keep whole")
    return "; ".join(reasons)


def _encoded(request: Request, answer: Message, status: int = 200) -> Response:
    if _content_type(request) == JSON:
        text = MessageToJson(answer, indent=None)
        return Response(text, status, media_type=JSON)
    return Response(answer.SerializeToString(), status, media_type=PROTOBUF)


def _refusal(request: Request, error: request_body.Refused) -> Response:
    if _content_type(request) not in (PROTOBUF, JSON):
        response: Response = PlainTextResponse(f"{error}\n", error.status)
    else:
        code = _GRPC_CODES.get(error.status, 3)
        response = _encoded(request, Status(code=code, message=str(error)), error.status)
    if error.status == 405:
        response.headers["allow"] = "POST"
    return response
