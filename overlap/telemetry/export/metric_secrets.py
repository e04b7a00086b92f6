"""Keep secrets out of exported metrics: attributes of points, and those of their exemplars.

Spans and log records are encoded by us, and lose their secrets there. Metrics are encoded by the
SDK. Exemplars also have the attributes that a view left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from overlap.telemetry.export import secrets

_SIGNS = (b"://", *(key.encode() for key in secrets.QUERIES))
"""What bytes have that may hold a secret."""


def encoded(request: ExportMetricsServiceRequest) -> bytes:
    """Return the bytes of a request without secrets; the request is changed."""
    data = request.SerializeToString()
    if any(sign in data for sign in _SIGNS):
        for point in _points(request):
            _clean(point.attributes)
            for exemplar in getattr(point, "exemplars", ()):
                _clean(exemplar.filtered_attributes)
        data = request.SerializeToString()
    return data


def _points(request: ExportMetricsServiceRequest) -> Iterator[Any]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                if kind is not None:
                    yield from getattr(metric, kind).data_points


def _clean(attributes: Iterable[KeyValue]) -> None:
    for pair in attributes:
        _clean_value(pair.key, pair.value)


def _clean_value(key: str, value: AnyValue) -> None:
    if value.HasField("string_value"):
        value.string_value = secrets.current.without(key, value.string_value)
    elif value.HasField("array_value"):
        for each in value.array_value.values:
            _clean_value(key, each)
