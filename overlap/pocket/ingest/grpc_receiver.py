"""OTLP by gRPC: the three export services, on pocket's own event loop. Needs the package grpcio.

The messages are those of `receiver`, which serves OTLP/HTTP. grpcio unpacks gzip and deflate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, Final

from google.protobuf.message import DecodeError, Message
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

from overlap.errors import OverlapError
from overlap.pocket.ingest.decoding import is_out_of_memory
from overlap.pocket.ingest.receiver import off_loop, rejection
from overlap.pocket.ingest.request_body import WIRE_LIMIT
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.span_batch import take_apart
from overlap.pocket.storage.store import Store

NOT_INSTALLED: Final = (
    "OTLP by gRPC needs grpcio, which is not installed: pip install 'django-overlap[otlp-grpc]'"
)
_PACKAGE: Final = "opentelemetry.proto.collector"
_GRACE_S: Final = 1.0

Export = Callable[[bytes], Awaitable[Message]]


def is_installed() -> bool:
    """Return whether grpcio can be imported."""
    return find_spec("grpc") is not None


class GrpcReceiver:
    """The server of the three services, in one store."""

    def __init__(self, store: Store, telemetry: Telemetry) -> None:
        """Raise OverlapError if grpcio is not installed."""
        if not is_installed():
            raise OverlapError(NOT_INSTALLED)
        self._store, self._telemetry = store, telemetry
        self._server: Any = None

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the address, such as `127.0.0.1:4317`.

        Raise OverlapError if the port is in use.
        """
        import grpc
        from grpc import aio

        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", WIRE_LIMIT),
        ]
        self._server = aio.server(options=options)
        for service, method in (
            (f"{_PACKAGE}.trace.v1.TraceService", self._traces),
            (f"{_PACKAGE}.logs.v1.LogsService", self._logs),
            (f"{_PACKAGE}.metrics.v1.MetricsService", self._metrics),
        ):
            handler = grpc.unary_unary_rpc_method_handler(
                self._guarded(method), None, lambda answer: answer.SerializeToString()
            )
            generic = grpc.method_handlers_generic_handler(service, {"Export": handler})
            self._server.add_generic_rpc_handlers((generic,))
        address = f"[{host}]" if ":" in host else host
        try:
            bound = self._server.add_insecure_port(f"{address}:{port}")
        except RuntimeError:
            bound = 0
        if not bound:
            raise OverlapError(f"can't listen on {address}:{port} for OTLP by gRPC")
        await self._server.start()
        return f"{address}:{bound}"

    async def stop(self) -> None:
        """Stop; requests in progress have a second to end."""
        if self._server is not None:
            await self._server.stop(_GRACE_S)

    def _guarded(self, export: Export) -> Callable[[bytes, Any], Awaitable[Message]]:
        """Return an export that answers INVALID_ARGUMENT to what is no OTLP, with one line."""

        async def answer(data: bytes, context: Any) -> Message:
            import grpc

            try:
                return await export(data)
            except (DecodeError, RecursionError) as error:
                self._store.counts.refused_requests += 1
                if is_out_of_memory(error):  # a client sends it again then
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "no memory for the message")
                await context.abort(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    "the message is not the protobuf of an OTLP export request",
                )
                raise  # abort raises itself

        return answer

    async def _traces(self, data: bytes) -> Message:
        batch = await off_loop(
            data,
            lambda: take_apart(ExportTraceServiceRequest.FromString(data), self._store.origins),
        )
        rejected = batch.rejected
        dropped = self._store.add(batch)
        answer = ExportTraceServiceResponse()
        if dropped:
            answer.partial_success.rejected_spans = dropped
            answer.partial_success.error_message = rejection(rejected, dropped - rejected)
        return answer

    async def _logs(self, data: bytes) -> Message:
        message = await off_loop(data, lambda: ExportLogsServiceRequest.FromString(data))
        self._store.counts.logs += self._telemetry.add_logs(message)
        return ExportLogsServiceResponse()

    async def _metrics(self, data: bytes) -> Message:
        message = await off_loop(data, lambda: ExportMetricsServiceRequest.FromString(data))
        self._store.counts.points += self._telemetry.add_metrics(message)
        return ExportMetricsServiceResponse()
