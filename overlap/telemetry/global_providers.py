"""OpenTelemetry's global providers: ours for as long as the project sets none of its own.

The API lets each be set once. Ours is put there without using that up, so that a project may
still set its own, at any time, and is not refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import _logs as logs_api
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry._logs import _internal as logs_internal
from opentelemetry.metrics import _internal as metrics_internal


class GlobalProvider:
    """The global provider of one signal."""

    def __init__(self, module: Any, variable: str, setter: str, get: Callable[[], Any]) -> None:
        self._module, self._variable, self._setter, self._get = module, variable, setter, get

    def project(self) -> Any:
        """Return the provider that is set; None where there is none."""
        if self._value is None and f"OTEL_PYTHON{self._variable}" in os.environ:
            return self._get()  # the API makes one of an entry point
        return self._value

    def lend(self, provider: Any) -> None:
        """Make ours the global provider for as long as the project sets none."""
        setattr(self._module, self._variable, provider)
        # The API's existing meters must be notified; tracers and loggers look the provider up.
        proxies = getattr(self._module, "_PROXY_METER_PROVIDER", None)
        if proxies is not None:
            proxies.on_set_meter_provider(provider)

    def withdraw(self, provider: Any) -> None:
        """Take ours back, if it still is the global provider."""
        if self._value is provider:
            setattr(self._module, self._variable, None)

    def watch(self, on_set: Callable[[Any], None]) -> Callable[[], None]:
        """Call `on_set` with each provider that the project sets; return what ends that."""
        original = getattr(self._module, self._setter)

        @wraps(original)
        def set_provider(provider: Any, *args: Any, **kwargs: Any) -> None:
            before = self._value
            original(provider, *args, **kwargs)
            if self._value is not before and self._value is provider:
                on_set(provider)

        setattr(self._module, self._setter, set_provider)

        def undo() -> None:
            if getattr(self._module, self._setter) is set_provider:
                setattr(self._module, self._setter, original)

        return undo

    @property
    def _value(self) -> Any:
        return getattr(self._module, self._variable)


TRACES = GlobalProvider(
    trace_api, "_TRACER_PROVIDER", "_set_tracer_provider", trace_api.get_tracer_provider
)
METRICS = GlobalProvider(
    metrics_internal, "_METER_PROVIDER", "_set_meter_provider", metrics_api.get_meter_provider
)
LOGS = GlobalProvider(
    logs_internal, "_LOGGER_PROVIDER", "_set_logger_provider", logs_api.get_logger_provider
)
