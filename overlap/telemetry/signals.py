"""Traces, metrics and logs of one process: set up, flushed and given back together.

Where the project has providers of its own, or sets them later, ours are added to them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from weakref import WeakMethod

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor

from overlap import names
from overlap.telemetry import config_file
from overlap.telemetry.drops import LOGGER_NAME, Drops
from overlap.telemetry.environment import usable_environment
from overlap.telemetry.fork import at_fork
from overlap.telemetry.global_providers import LOGS, METRICS, TRACES
from overlap.telemetry.log_pipeline import LogPipeline
from overlap.telemetry.logs.setup import LoggingSetup
from overlap.telemetry.metric_pipeline import MetricPipeline
from overlap.telemetry.project_exporters import unwrapped
from overlap.telemetry.resource import (
    MergedResources,
    add_to_resource,
    make_resource,
    own_process,
)
from overlap.telemetry.spans.span_pipeline import SpanPipeline

FLUSH_LIMIT_S = 3.0
"""All three signals together, at shutdown, where the last deliveries succeeded."""
FLUSH_LIMIT_FAILING_S = 0.5
"""The same where the last delivery failed: one more try, no waiting."""

_log = logging.getLogger(LOGGER_NAME)


class Telemetry:
    """The telemetry of this process. `shutdown` gives it back."""

    def __init__(
        self, service_name: str | None, log_format: str | None, processors: Sequence[SpanProcessor]
    ) -> None:
        self._undo = ExitStack()
        self.drops = Drops()
        self._resource = make_resource(service_name)
        self._resources = MergedResources(self._resource)
        self._spans = SpanPipeline(self.drops, processors)
        self._metrics = MetricPipeline(self.drops)
        self._logs = LogPipeline(self._resource, self.drops)
        self.logger_provider = self._logs.own
        self.tracer_provider: Any = TRACES.project()
        self.meter_provider: Any = METRICS.project()
        remarks = [
            _guarded(self._join_spans),
            _guarded(self._join_metrics),
            _guarded(lambda: self._join_logs(LOGS.project())),
        ]
        self._undo.callback(TRACES.watch(self._on_tracer_provider))
        self._undo.callback(METRICS.watch(self._on_meter_provider))
        self._undo.callback(LOGS.watch(self._on_logger_provider))
        self.logging = LoggingSetup(
            log_format,
            self.logger_provider,
            lambda: self._logs.is_sent_by(LOGS.project()),
            self._logs.receives,
        )
        _report(_guarded(self._count_drops))
        _report(*remarks)
        at_fork(WeakMethod(self._in_child))

    @property
    def service_name(self) -> str:
        """What the service is called in its spans."""
        resource = getattr(self.tracer_provider, "resource", None)
        if isinstance(resource, Resource):
            resource = self._resources.of(resource)
        return str((resource or self._resource).attributes[names.SERVICE_NAME])

    def when_arrived(self, call: Callable[[], None]) -> None:
        """Call a function once, after spans of this process have arrived."""
        self.drops.on_delivery("traces", call)

    def flush(self) -> None:
        """Send what is queued now. Blocks, for as long as the exporters' timeouts let it."""
        self._spans.batch.force_flush()
        self.logger_provider.force_flush()
        self._metrics.flush()

    def shutdown(self) -> None:
        """Flush within FLUSH_LIMIT_S, log what was dropped, give everything back."""
        limit = FLUSH_LIMIT_FAILING_S if self.drops.failing() else FLUSH_LIMIT_S
        deadline = time.monotonic() + limit
        batches: list[Any] = [self._spans.batch, self._logs.batch]
        # The records' thread starts its last flush while that of the spans is waited for.
        for batch in batches:
            batch._batch_processor._worker_awaken.set()
        for batch in batches:
            batch._batch_processor.shutdown(timeout_millis=_left_ms(deadline))
        self._metrics.shutdown(_left_ms(deadline))
        self._spans.leave()
        self._logs.leave()
        is_exporting = any(batch._batch_processor._worker_thread.is_alive() for batch in batches)
        is_abandoned = self.drops.failing() or is_exporting
        self.drops.close()
        self.logging.close(keep_silence=is_abandoned)
        self._undo.close()

    def _join_spans(self) -> str:
        if self.tracer_provider is not None:
            self._name_logs()
            return self._spans.join(self.tracer_provider, self._resources) or _sampled(
                self.tracer_provider
            )
        self.tracer_provider = self._spans.make_provider(self._resource)
        TRACES.lend(self.tracer_provider)
        self._undo.callback(TRACES.withdraw, self.tracer_provider)
        return ""

    def _join_metrics(self) -> str:
        if self.meter_provider is not None:
            return self._metrics.join(self.meter_provider, self._resources)
        self.meter_provider = self._metrics.make_provider(self._resource)
        METRICS.lend(self.meter_provider)
        self._undo.callback(METRICS.withdraw, self.meter_provider)
        return ""

    def _join_logs(self, provider: Any) -> str:
        if provider is not None:
            return self._logs.join(provider, self._resources)
        LOGS.lend(self._logs.lent)
        self._undo.callback(LOGS.withdraw, self._logs.lent)
        return ""

    def _count_drops(self) -> str:
        self.drops.count_with(self.meter_provider.get_meter("overlap.telemetry"))
        return ""

    def _on_tracer_provider(self, provider: Any) -> None:
        self.tracer_provider = provider
        _report(_guarded(self._join_spans))

    def _on_meter_provider(self, provider: Any) -> None:
        self.meter_provider = provider
        _report(_guarded(self._join_metrics))

    def _on_logger_provider(self, provider: Any) -> None:
        _report(_guarded(lambda: self._join_logs(provider)))

    def _name_logs(self) -> None:
        """Let the records say the service that the project's spans say."""
        resource = getattr(self.tracer_provider, "resource", None)
        if isinstance(resource, Resource):
            for provider in (self._logs.own, self._logs.lent):
                add_to_resource(provider, self._resources.of(resource))

    def _in_child(self) -> None:
        # The SDK gives a forked process a service.instance.id of its own, but knows no pid.
        own = own_process()
        self._resource = self._resource.merge(own)
        self._resources.after_fork(own)
        for provider in (self._spans.own, self._metrics.own, self._logs.own, self._logs.lent):
            if provider is not None:
                add_to_resource(provider, own)
        self._metrics.after_fork()


def start(
    *,
    service_name: str | None = None,
    log_format: str | None = None,
    span_processors: Sequence[SpanProcessor] = (),
) -> Telemetry:
    """Set up traces, metrics and logs for this process."""
    _report(config_file.remark())
    with usable_environment():
        return Telemetry(service_name, log_format, span_processors)


def _sampled(provider: Any) -> str:
    sampler = getattr(unwrapped(provider), "sampler", None)
    try:
        what = str(getattr(sampler, "get_description", lambda: "")())
    except Exception:
        return ""
    # Of one that follows its parent, what decides where there is none.
    if what.removeprefix("ParentBased{root:").startswith(("TraceIdRatio", "AlwaysOff")):
        return f"the project's sampler decides which requests are traced: {what}"
    return ""


def _guarded(join: Callable[[], str]) -> str:
    try:
        return join()
    except Exception as error:  # the project's own set-up must go on
        return f"what the project's OpenTelemetry records is not shown: {error!r}"


def _report(*remarks: str) -> None:
    for remark in filter(None, remarks):
        _log.warning("telemetry: %s", remark)


def _left_ms(deadline: float) -> int:
    return max(1, int((deadline - time.monotonic()) * 1000))
