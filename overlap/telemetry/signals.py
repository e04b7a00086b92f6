"""The three signals of one process: set up together, flushed and given back together."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from threading import Lock
from weakref import WeakMethod

from opentelemetry import _logs as logs_api
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry._logs import _internal as logs_globals
from opentelemetry.metrics import _internal as metrics_globals
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.util._once import Once

from overlap.telemetry.drops import Drops
from overlap.telemetry.fork import at_fork
from overlap.telemetry.logs.otlp_records import make_logger_provider
from overlap.telemetry.logs.setup import LoggingSetup
from overlap.telemetry.metrics import make_meter_provider
from overlap.telemetry.resource import make_resource, own_pid
from overlap.telemetry.spans.tracer_provider import make_tracer_provider

FLUSH_LIMIT_S = 3.0
"""All three signals together, at shutdown, where the backend was well so far."""
FLUSH_LIMIT_FAILING_S = 0.5
"""The same where the last delivery failed: one more try, no waiting."""


class Telemetry:
    """What was set up. `shutdown` gives it back."""

    def __init__(
        self, service_name: str | None, log_format: str | None, processors: Sequence[SpanProcessor]
    ) -> None:
        resource = make_resource(service_name)
        self.drops = Drops()
        self.tracer_provider, self._spans = make_tracer_provider(resource, self.drops, processors)
        self.meter_provider = make_meter_provider(resource, self.drops)
        self.logger_provider, self._records = make_logger_provider(resource, self.drops)
        self.drops.count_with(self.meter_provider.get_meter("overlap.telemetry"))
        trace_api.set_tracer_provider(self.tracer_provider)
        metrics_api.set_meter_provider(self.meter_provider)
        logs_api.set_logger_provider(self.logger_provider)
        self.logging = LoggingSetup(log_format, self.logger_provider)
        at_fork(WeakMethod(self._in_child))

    def flush(self) -> None:
        """Send what is queued now. Blocks, for as long as the exporters' timeouts let it."""
        self.tracer_provider.force_flush()
        self.logger_provider.force_flush()
        self.meter_provider.force_flush()

    def shutdown(self) -> None:
        """Flush within FLUSH_LIMIT_S, account for what was dropped, give the globals back."""
        limit = FLUSH_LIMIT_FAILING_S if self.drops.failing() else FLUSH_LIMIT_S
        deadline = time.monotonic() + limit
        # The records' thread starts its last flush while that of the spans is waited for.
        for batch in (self._spans._batch_processor, self._records._batch_processor):
            batch._worker_awaken.set()
        for batch in (self._spans._batch_processor, self._records._batch_processor):
            batch.shutdown(timeout_millis=_left_ms(deadline))
        try:
            self.meter_provider.shutdown(timeout_millis=_left_ms(deadline))
        except Exception:  # it raises when it is late; that is counted already
            logging.getLogger(__name__).debug("metrics were not flushed", exc_info=True)
        is_abandoned = self.drops.failing() or self._is_exporting()
        self.drops.close()
        self.logging.close(keep_silence=is_abandoned)
        _forget_globals()

    def _in_child(self) -> None:
        # The SDK gives a forked process a service.instance.id of its own, but knows no pid.
        for provider in (self.tracer_provider, self.meter_provider, self.logger_provider):
            provider._update_resource(own_pid())
        # Nor does it give the reader a new lock: where the parent was just sending, the child
        # would wait for a thread that it has not got, at its end for good.
        for reader in self.meter_provider._metric_readers:
            if hasattr(reader, "_export_lock"):
                reader._export_lock = Lock()

    def _is_exporting(self) -> bool:
        batches = (self._spans._batch_processor, self._records._batch_processor)
        return any(batch._worker_thread.is_alive() for batch in batches)


def start(
    *,
    service_name: str | None = None,
    log_format: str | None = None,
    span_processors: Sequence[SpanProcessor] = (),
) -> Telemetry:
    """Set up traces, metrics and logs for this process."""
    return Telemetry(service_name, log_format, span_processors)


def _left_ms(deadline: float) -> int:
    return max(1, int((deadline - time.monotonic()) * 1000))


def _forget_globals() -> None:
    # The API lets a provider be set once; without this, instrument() after shutdown()
    # would go on with providers that are shut down.
    trace_api._TRACER_PROVIDER = None
    trace_api._TRACER_PROVIDER_SET_ONCE = Once()
    metrics_globals._METER_PROVIDER = None
    metrics_globals._METER_PROVIDER_SET_ONCE = Once()
    logs_globals._LOGGER_PROVIDER = None
    logs_globals._LOGGER_PROVIDER_SET_ONCE = Once()
