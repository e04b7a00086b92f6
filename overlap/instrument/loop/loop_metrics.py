"""How late the event loop is, for how long it stood at which line, and who waited for it."""

from __future__ import annotations

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider

from overlap import names
from overlap.instrument.bounded_attributes import OTHER, Attributes, Bounded
from overlap.instrument.requests.request_duration import Duration
from overlap.runtime.identity_cache import IdentityCache
from overlap.runtime.stack import Line

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""A loop at ease is a millisecond late; a burnt one, seconds."""
CULPRITS = 100
"""Lines that are told apart."""
_NONE: Attributes = {}


class LoopMetrics:
    """The three measures of one process."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("overlap.instrument.loop")
        # Both are recorded on the loop's thread: by the short way.
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
        self._lag, self._delay = Duration(lag), Duration(delay)
        self._culprits = Bounded[Line | None](CULPRITS, code_attributes, _others())

    def late(self, seconds: float, context: Context) -> None:
        """Note how late one heartbeat was; `context` is that of the block it waited for."""
        self._lag.record(seconds, _NONE, context)

    def stood(self, seconds: float, culprit: Line | None, context: Context) -> None:
        """Add one block, in the context of its span: that is where an exemplar leads."""
        self._blocked.add(seconds, self._culprits[culprit], context)

    def held_up(self, seconds: float, context: Context) -> None:
        """Note how long one request waited, in its own context.

        Of one that had not been accepted it is how long the loop stood: it waited no longer.
        """
        self._delay.record(seconds, _NONE, context)


def loop_metrics() -> LoopMetrics:
    """The measures of the meter provider that is set now."""
    return _metrics_of(metrics.get_meter_provider())


# Of the newest provider: instrument() after shutdown() sets another one.
_metrics_of = IdentityCache(LoopMetrics)


def code_attributes(line: Line | None) -> Attributes:
    """`code.*` of a line; nothing where it is not known."""
    if line is None:
        return {}
    return {
        names.CODE_FILE_PATH: line.path,
        names.CODE_LINE_NUMBER: line.number,
        names.CODE_FUNCTION_NAME: line.function,
    }


def _others() -> Attributes:
    return {names.CODE_FILE_PATH: OTHER, names.CODE_FUNCTION_NAME: OTHER}
