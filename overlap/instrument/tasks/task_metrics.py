"""The metrics of background tasks: started, running and ended, by name."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from overlap import names
from overlap.instrument.bounded_attributes import OTHER, Attributes, Bounded
from overlap.runtime.identity_cache import IdentityCache

NAMES = 100
"""Task names with a series of their own."""


class TaskMetrics:
    """The three metrics of one process."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("overlap.instrument.tasks")
        self._started = meter.create_counter(
            names.METRIC_TASKS_STARTED, "{task}", "Background tasks that were started."
        )
        self._ended = meter.create_counter(
            names.METRIC_TASKS_ENDED, "{task}", "Background tasks that are over, by their end."
        )
        # Read when metrics are collected: an addition to the SDK's counter costs as much as a span.
        meter.create_observable_up_down_counter(
            names.METRIC_TASKS_RUNNING, [self._observe], "{task}", "Background tasks under way."
        )
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._named = Bounded[str](NAMES, _named, _named(OTHER))
        self._over = Bounded[tuple[str, str]](len(names.TASK_ENDS) * (NAMES + 1), _over, {})

    def started(self, name: str, context: Context) -> None:
        """Count a task that starts. `context`: of its span, for the exemplar."""
        named = self._named[name]
        self._started.add(1, named, context)
        self._step(named, +1)

    def ended(self, name: str, end: str, context: Context, *, is_ours: bool = True) -> None:
        """Count an end. `is_ours`: whether this process started the task with spawn."""
        named = self._named[name]
        # By the name that was counted, which may be `other`.
        self._ended.add(1, self._over[str(named[names.TASK_NAME]), end], context)
        if is_ours:
            self._step(named, -1)

    def _step(self, named: Attributes, step: int) -> None:
        with self._lock:
            self._running[str(named[names.TASK_NAME])] += step

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            counts = list(self._running.items())
        return [Observation(count, dict(self._named[name])) for name, count in counts]


def task_metrics() -> TaskMetrics:
    """Return the metrics of the current meter provider."""
    return _metrics_of(metrics.get_meter_provider())


# Of the newest provider: instrument() after shutdown() sets another one.
_metrics_of = IdentityCache(TaskMetrics)


def _named(name: str) -> Attributes:
    return {names.TASK_NAME: name}


def _over(key: tuple[str, str]) -> Attributes:
    name, end = key
    return {names.TASK_NAME: name, names.TASK_END: end}
