"""The headers a project asks to see on its server spans, by the standard variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.util.http import (
    OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS,
    OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST,
    OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE,
    get_custom_header_attributes,
    get_custom_headers,
    normalise_request_header_name,
    normalise_response_header_name,
)


def request_headers(read: Callable[[], Mapping[str, list[str]]]) -> dict[str, Any]:
    """`http.request.header.*`; `read` is called only where some header is asked for."""
    wanted = get_custom_headers(OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST)
    return _attributes(read, wanted, normalise_request_header_name) if wanted else {}


def response_headers(items: Callable[[], Iterable[tuple[str, str]]]) -> dict[str, Any]:
    """`http.response.header.*`, in the same way."""
    wanted = get_custom_headers(OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE)
    if not wanted:
        return {}
    return _attributes(
        lambda: {name.lower(): [value] for name, value in items()},
        wanted,
        normalise_response_header_name,
    )


def _attributes(
    read: Callable[[], Mapping[str, list[str]]], wanted: list[str], normalise: Callable[[str], str]
) -> dict[str, Any]:
    hidden = get_custom_headers(OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS)
    return dict(get_custom_header_attributes(dict(read()), wanted, hidden, normalise))
