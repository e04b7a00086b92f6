"""The attributes that similar requests share, filtered once for each metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from opentelemetry.instrumentation._semconv import (
    _filter_semconv_active_request_count_attr,
    _filter_semconv_duration_attrs,
    _server_active_requests_count_attrs_new,
    _server_active_requests_count_attrs_old,
    _server_duration_attrs_new,
    _server_duration_attrs_old,
    _set_status,
    _StabilityMode,
)
from opentelemetry.semconv._incubating.attributes.http_attributes import HTTP_TARGET
from opentelemetry.trace import INVALID_SPAN
from opentelemetry.util.http import sanitize_method

from overlap import names

Attributes = Mapping[str, Any]

_KEPT = 256
"""Combinations of route, status and error that are cached."""


class RequestAttributes:
    """Those of the requests with the same method, scheme, host and so on."""

    def __init__(self, method: str, attributes: Attributes, mode: _StabilityMode) -> None:
        self.method = _name(method)
        """As it stands in a span's name."""
        self.attributes = attributes
        self.active: Attributes = _filter_semconv_active_request_count_attr(
            attributes,
            _server_active_requests_count_attrs_old,
            _server_active_requests_count_attrs_new,
            mode,
        )
        self._mode = mode
        self._duration_attributes: dict[tuple[object, ...], Attributes] = {}

    def duration_attributes(
        self, mode: _StabilityMode, route: str | None, status: int | None, error: str | None
    ) -> Attributes:
        """Return the attributes of the duration metric, by the conventions of `mode`."""
        key = (mode._value_, route, status, error)  # the hash of an enum's member is Python code
        found = self._duration_attributes.get(key)
        if found is None:
            found = self._filtered(mode, route, status, error)
            if len(self._duration_attributes) < _KEPT:
                self._duration_attributes[key] = found
        return found

    def _filtered(
        self, mode: _StabilityMode, route: str | None, status: int | None, error: str | None
    ) -> Attributes:
        every = {**self.attributes, **(status_attributes(status, self._mode) if status else {})}
        if route is not None:
            every[names.HTTP_ROUTE] = route
        if error is not None:
            every[names.ERROR_TYPE] = error
        kept = _filter_semconv_duration_attrs(
            every, _server_duration_attrs_old, _server_duration_attrs_new, mode
        )
        if route is not None and mode is _StabilityMode.DEFAULT:
            kept[HTTP_TARGET] = route  # as the stock instrumentation has it
        return kept


def _name(method: str) -> str:
    name = sanitize_method(method.strip())
    return "HTTP" if name in (None, "", "_OTHER") else str(name)


@lru_cache(maxsize=512)
def status_attributes(status: int, mode: _StabilityMode) -> dict[str, Any]:
    """Return the attributes for a response status."""
    found: dict[str, Any] = {}
    _set_status(INVALID_SPAN, found, status, str(status), sem_conv_opt_in_mode=mode)
    return found


class LazyAttributes(Mapping[str, Any]):
    """Attributes computed when first read: by a sampler, or by a span that is recorded."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make = make
        self._made: dict[str, Any] | None = None

    def _all(self) -> dict[str, Any]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Any:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> Any:
        """Return the dict's own items; a Mapping's are slow."""
        return self._all().items()

    def copy(self) -> dict[str, Any]:
        """Return a dict, which the tracer of SDKs before 1.44 asks for."""
        return dict(self._all())
