"""The metrics of an event loop: its lag, the time it was blocked by line, the victims' delay."""

from __future__ import annotations

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider

from overlap import names
from overlap.instrument.bounded_attributes import OTHER, Attributes, Bounded
from overlap.instrument.requests.metrics.fast_histogram import FastHistogram
from overlap.runtime.identity_cache import IdentityCache
from overlap.runtime.stack import Line

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""An idle loop is a millisecond late; a blocked one, seconds."""
CULPRITS = 100
"""Lines with a series of their own."""
_NONE: Attributes = {}


class LoopMetrics:
    """The three metrics of one process."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("overlap.instrument.loop")
        # Both are recorded on the loop's thread, so they must be fast.
        lag = meter.create_histogram(
            names.METRIC_LOOP_LAG,
            "s",
            "How late the event loop runs what is due.",
            explicit_bucket_boundaries_advisory=list(BUCKETS_S),
        )
        self._blocked = meter.create_counter(
            names.METRIC_LOOP_BLOCKED, "s", "How long the event loop stood, by its line."
        )
        delay = meter.create_histogram(
            names.METRIC_VICTIM_DELAY,
            "s",
            "How long a request waited for an event loop that stood.",
            explicit_bucket_boundaries_advisory=list(BUCKETS_S),
        )
        self._lag, self._delay = FastHistogram(lag), FastHistogram(delay)
        self._culprits = Bounded[Line | None](CULPRITS, code_attributes, _others())

    def record_lag(self, seconds: float, context: Context) -> None:
        """Record how late a heartbeat was. `context`: of the block it waited for."""
        self._lag.record(seconds, _NONE, context)

    def record_block(self, seconds: float, culprit: Line | None, context: Context) -> None:
        """Record a block. `context`: of its span, for the exemplar."""
        self._blocked.add(seconds, self._culprits[culprit], context)

    def record_victim_delay(self, seconds: float, context: Context) -> None:
        """Record how long a request waited. `context`: of its span.

        For a request that was accepted after the block it is the most that it can have waited.
        """
        self._delay.record(seconds, _NONE, context)


def loop_metrics() -> LoopMetrics:
    """Return the metrics of the current meter provider."""
    return _metrics_of(metrics.get_meter_provider())


# Of the newest provider: instrument() after shutdown() sets another one.
_metrics_of = IdentityCache(LoopMetrics)


def code_attributes(line: Line | None) -> Attributes:
    """Return `code.*` of a line; no attributes if it is not known."""
    if line is None:
        return {}
    return {
        names.CODE_FILE_PATH: line.path,
        names.CODE_LINE_NUMBER: line.number,
        names.CODE_FUNCTION_NAME: line.function,
    }


def _others() -> Attributes:
    return {names.CODE_FILE_PATH: OTHER, names.CODE_FUNCTION_NAME: OTHER}
