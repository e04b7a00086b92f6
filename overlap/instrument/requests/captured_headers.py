"""HTTP headers as span attributes, as OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_… asks."""

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


class CapturedHeaders:
    """Which headers to capture, read from the environment when Django loads its middleware."""

    def __init__(self) -> None:
        self.request = get_custom_headers(OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST)
        self.response = get_custom_headers(
            OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE
        )
        self._hidden = get_custom_headers(OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS)

    def of_request(self, values: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return `http.request.header.*` from headers by lower-case name."""
        return self._attributes(values, self.request, normalise_request_header_name)

    def of_response(self, items: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return `http.response.header.*`."""
        values = {name.lower(): [value] for name, value in items}
        return self._attributes(values, self.response, normalise_response_header_name)

    def _attributes(
        self,
        values: Mapping[str, list[str]],
        wanted: list[str],
        normalise: Callable[[str], str],
    ) -> dict[str, Any]:
        return dict(get_custom_header_attributes(dict(values), wanted, self._hidden, normalise))
