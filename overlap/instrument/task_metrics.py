"""How many background tasks there are, by name, and how they ended."""

from __future__ import annotations

from functools import lru_cache

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider

from overlap import names
from overlap.instrument.bounded import OTHER, Attributes, Bounded

NAMES = 100
"""Names of tasks that are told apart."""


class TaskMetrics:
    """The three counts of one process."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("overlap.instrument.tasks")
        self._started = meter.create_counter(
            names.METRIC_TASKS_STARTED, "{task}", "Background tasks that were started."
        )
        self._ended = meter.create_counter(
            names.METRIC_TASKS_ENDED, "{task}", "Background tasks that are over, by their end."
        )
        self._running = meter.create_up_down_counter(
            names.METRIC_TASKS_RUNNING, "{task}", "Background tasks under way."
        )
        self._named = Bounded[str](NAMES, _named, _named(OTHER))
        self._over = Bounded[tuple[str, str]](len(names.TASK_ENDS) * (NAMES + 1), _over, {})

    def started(self, name: str, context: Context) -> None:
        """Count one task more, in the context of its span: that is where an exemplar leads."""
        named = self._named[name]
        self._started.add(1, named, context)
        self._running.add(1, named, context)

    def ended(self, name: str, end: str, context: Context, *, is_ours: bool = True) -> None:
        """Count one end; `is_ours` says whether it was this process that started the task."""
        named = self._named[name]
        # By the name that is counted: it may be that of all others.
        self._ended.add(1, self._over[str(named[names.TASK_NAME]), end], context)
        if is_ours:
            self._running.add(-1, named, context)


def task_metrics() -> TaskMetrics:
    """The counts of the meter provider that is set now."""
    return _metrics_of(metrics.get_meter_provider())


@lru_cache(maxsize=1)  # of the newest provider: instrument() after shutdown() sets another
def _metrics_of(provider: MeterProvider) -> TaskMetrics:
    return TaskMetrics(provider)


def _named(name: str) -> Attributes:
    return {names.TASK_NAME: name}


def _over(key: tuple[str, str]) -> Attributes:
    name, end = key
    return {names.TASK_NAME: name, names.TASK_END: end}
